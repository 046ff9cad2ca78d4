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
    private var waiting: [(count: Int, turn: CheckedContinuation<Void, Never>)] = []

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
        try await withDatabases([kind]) { server, names in try await body(server, names[0]) }
    }

    /// Runs a test in several databases that nobody else has. They are lent together: tests that hold one each and wait
    /// for another would wait for each other.
    public nonisolated func withDatabases<Value: Sendable>(
        _ kinds: [Kind], _ body: @Sendable (PostgresServer, _ databases: [String]) async throws -> Value
    ) async throws -> Value {
        let server = try await server()
        await enter(kinds.count)
        do {
            var names: [String] = []
            for kind in kinds { names.append(try await take(kind, of: server)) }
            let value = try await body(server, names)
            for (kind, name) in zip(kinds, names) { try server.run(kind.reset, in: name) }
            for (kind, name) in zip(kinds, names) { await keep(name, kind) }
            await leave(kinds.count)
            return value
        } catch {
            // Whatever is left in them is not handed on.
            await leave(kinds.count)
            throw error
        }
    }

    private func enter(_ count: Int) async {
        guard !waiting.isEmpty || lent + count > Self.atOnce else { return lent += count }
        await withCheckedContinuation { waiting.append((count, $0)) }
    }

    private func keep(_ name: String, _ kind: Kind) { unused[kind.name, default: []].append(name) }

    private func leave(_ count: Int) {
        lent -= count
        while let next = waiting.first, lent + next.count <= Self.atOnce {
            lent += next.count
            waiting.removeFirst().turn.resume()
        }
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
