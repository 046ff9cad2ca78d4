import CPQ
import Foundation

/// One connection. Belongs to the thread that made it, and is never handed on. Never waits without a bound: the library
/// is used without blocking, and what it waits for is polled.
final class PostgresConnection {
    private let handle: OpaquePointer
    private let settings: PostgresSettings
    private let notices: Unmanaged<Notices>
    private var prepared: [Statement: String] = [:]
    /// Milliseconds that one answer is waited for.
    var patience: Int

    private struct Statement: Hashable {
        let sql: String
        let types: [UInt32]
    }

    private final class Notices {
        let receive: @Sendable (String) -> Void
        init(_ receive: @escaping @Sendable (String) -> Void) { self.receive = receive }
    }

    /// Connects, which may take as long as the settings allow.
    init(_ settings: PostgresSettings, onNotice: @escaping @Sendable (String) -> Void) throws(ConnectionFault) {
        let keywords = settings.parameters.map { strdup($0.keyword) } + [nil]
        let values = settings.parameters.map { strdup($0.value) } + [nil]
        defer { for text in keywords + values { free(text) } }
        let made = PQconnectdbParams(keywords.map { UnsafePointer($0) }, values.map { UnsafePointer($0) }, 1)
        guard let made else { throw .lost("no memory for a connection") }
        guard PQstatus(made) == CONNECTION_OK, PQsetnonblocking(made, 1) == 0 else {
            let message = PQerrorMessage(made).map { String(cString: $0) } ?? ""
            PQfinish(made)
            throw .lost(settings.redacted(message).split(separator: "\n").joined(separator: "; "))
        }
        handle = made
        self.settings = settings
        patience = settings.statementMilliseconds + settings.graceMilliseconds
        notices = Unmanaged.passRetained(Notices(onNotice))
        _ = PQsetNoticeProcessor(
            handle,
            { context, text in
                guard let context, let text else { return }
                Unmanaged<Notices>.fromOpaque(context).takeUnretainedValue().receive(String(cString: text))
            }, notices.toOpaque())
        try run(script: settings.script)
    }

    deinit {
        PQfinish(handle)
        notices.release()
    }

    /// Whether the open transaction can only be undone.
    var hasFailed: Bool { PQtransactionStatus(handle) == PQTRANS_INERROR }
    /// Whether no transaction is open.
    var isIdle: Bool { PQtransactionStatus(handle) == PQTRANS_IDLE }

    // MARK: Running

    /// Runs several statements without parameters and rows. Returns what was done last.
    @discardableResult
    func run(script: String) throws(ConnectionFault) -> String {
        guard PQsendQuery(handle, script) == 1 else { throw lost() }
        var command = ""
        try drain { command = $0.command }
        return command
    }

    /// Runs one statement and gives its rows in turn, as they come.
    ///
    /// - Returns: how many rows were touched or given
    func run(
        _ sql: String, _ values: [PostgresValue], row body: (borrowing PostgresRow) throws -> Void
    ) throws -> Int {
        let parameters = try EncodedParameters(values)
        let name = try prepare(Statement(sql: sql, types: parameters.types))
        let isSent = parameters.withPointers { pointers, lengths, formats in
            PQsendQueryPrepared(handle, name, Int32(pointers.count), pointers, lengths, formats, 1)
        }
        guard isSent == 1, PQsetSingleRowMode(handle) == 1 else { throw lost() }
        var touched = 0
        var thrown: (any Error)?
        try drain { result in
            touched = result.touched
            for number in 0..<result.rowCount where thrown == nil {
                do { try body(result.row(number)) } catch { thrown = error }
            }
        }
        if let thrown { throw thrown }
        return touched
    }

    private func prepare(_ statement: Statement) throws(ConnectionFault) -> String {
        if let name = prepared[statement] { return name }
        if prepared.count >= settings.preparedStatements {
            prepared = [:]
            try run(script: "DEALLOCATE ALL")
        }
        let name = "s\(prepared.count)"
        let isSent = PQsendPrepare(handle, name, statement.sql, Int32(statement.types.count), statement.types)
        guard isSent == 1 else { throw lost() }
        try drain { _ in }
        prepared[statement] = name
        return name
    }

    // MARK: Waiting

    /// Takes every answer to what was sent. The first fault is thrown once all are taken.
    private func drain(_ body: (borrowing PostgresResult) -> Void) throws(ConnectionFault) {
        var fault: ConnectionFault?
        while let result = try next() {
            switch result.status {
            case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_SINGLE_TUPLE, PGRES_EMPTY_QUERY: body(result)
            case PGRES_FATAL_ERROR: fault = fault ?? result.fault()
            // Without an end of its own, which nobody here would write.
            default: throw .lost("an answer of an unexpected kind")
            }
        }
        if let fault { throw PQstatus(handle) == CONNECTION_OK || fault.endsConnection ? fault : lost() }
    }

    private func next() throws(ConnectionFault) -> PostgresResult? {
        while true {
            let left = PQflush(handle)
            if left == 0 { break }
            guard left > 0 else { throw lost() }
            if try poll(Int16(POLLIN | POLLOUT)) & Int16(POLLIN) != 0, PQconsumeInput(handle) != 1 { throw lost() }
        }
        while PQisBusy(handle) == 1 {
            _ = try poll(Int16(POLLIN))
            // What the server said before it went is still to be had.
            if PQconsumeInput(handle) != 1, PQisBusy(handle) == 1 { throw lost() }
        }
        return PQgetResult(handle).map { PostgresResult($0) }
    }

    private func poll(_ events: Int16) throws(ConnectionFault) -> Int16 {
        let end = ContinuousClock.now + .milliseconds(patience)
        while true {
            var entry = pollfd(fd: PQsocket(handle), events: events, revents: 0)
            guard entry.fd >= 0 else { throw lost() }
            let left = ContinuousClock.now.duration(to: end) / .milliseconds(1)
            guard left > 0 else { throw .silent }
            let count = Foundation.poll(&entry, 1, Int32(left.rounded(.up)))
            if count > 0 { return entry.revents }
            guard count == 0 || errno == EINTR else { throw lost() }
        }
    }

    private func lost() -> ConnectionFault {
        let message = PQerrorMessage(handle).map { String(cString: $0) } ?? ""
        return .lost(settings.redacted(message).split(separator: "\n").joined(separator: "; "))
    }
}
