import Foundation
import NIOConcurrencyHelpers

/// One server for all suites of a process, started when the first asks for it, and ended with the process. Does not
/// flush to the disk. A few databases are lent to one test after the other.
public actor SharedPostgres {
    /// The only one.
    public static let instance = SharedPostgres()

    /// A kind of database that tests ask for.
    public struct Kind: Sendable {
        /// Names it.
        public let name: String
        /// Makes an empty database one of this kind, given its address; once a process, the others are copies.
        public let prepare: @Sendable (_ url: String) async throws -> Void
        /// Statements that make a used one as it was.
        public let reset: String

        /// Puts the parts together.
        public init(
            name: String, reset: String, prepare: @escaping @Sendable (_ url: String) async throws -> Void
        ) {
            self.name = name
            self.reset = reset
            self.prepare = prepare
        }

        /// Empties every table but the list of migrations, without the triggers that keep the journals.
        public static let emptyTables = """
            SET session_replication_role = replica;
            DO $$ BEGIN
                EXECUTE (SELECT 'TRUNCATE ' || string_agg(quote_ident(tablename), ', ') || ' RESTART IDENTITY'
                    FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'migrations');
            END $$
            """

        /// With nothing in it.
        public static let empty = Kind(
            name: "empty", reset: "DROP SCHEMA public CASCADE; CREATE SCHEMA public", prepare: { _ in })
    }

    private static let atOnce = 6
    private static let ending = NIOLockedValueBox<PostgresServer?>(nil)
    private var starting: Task<PostgresServer, any Error>?
    private var templates: [String: Task<Void, any Error>] = [:]
    private var unused: [String: [String]] = [:]
    private var made = 0
    private var lent = 0
    private var waiting: [CheckedContinuation<Void, Never>] = []

    /// The server.
    public func server() async throws -> PostgresServer {
        if let starting { return try await starting.value }
        let task = Task {
            let server = try await PostgresServer(isDurable: false)
            Self.ending.withLockedValue { $0 = server }
            atexit { SharedPostgres.ending.withLockedValue { $0 }?.remove() }
            return server
        }
        starting = task
        return try await task.value
    }

    /// Runs a test in a database that nobody else has.
    public nonisolated func withDatabase<Value: Sendable>(
        _ kind: Kind = .empty, _ body: @Sendable (PostgresServer, _ database: String) async throws -> Value
    ) async throws -> Value {
        let server = try await server()
        await enter()
        do {
            let name = try await take(kind, of: server)
            let value = try await body(server, name)
            try server.run(kind.reset, in: name)
            await leave(name, kind)
            return value
        } catch {
            // Whatever is left in it is not handed on.
            await leave(nil, kind)
            throw error
        }
    }

    private func enter() async {
        guard lent >= Self.atOnce else { return lent += 1 }
        await withCheckedContinuation { waiting.append($0) }
    }

    private func leave(_ name: String?, _ kind: Kind) {
        if let name { unused[kind.name, default: []].append(name) }
        guard !waiting.isEmpty else { return lent -= 1 }
        waiting.removeFirst().resume()
    }

    private func take(_ kind: Kind, of server: PostgresServer) async throws -> String {
        if let name = unused[kind.name]?.popLast() { return name }
        let template = "template_\(kind.name)"
        let making =
            templates[template]
            ?? Task {
                try server.makeDatabase(template)
                try await kind.prepare(server.url(template))
            }
        templates[template] = making
        try await making.value
        made += 1
        let name = "test\(made)"
        try server.makeDatabase(name, from: template)
        return name
    }
}
