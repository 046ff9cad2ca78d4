import NIOConcurrencyHelpers
import PostgresClient
import TestKit
import Testing

@Suite("PostgreSQL: what goes wrong")
struct FaultTests {
    @Test("a connection that is lost before the commit costs a second run, and nothing else")
    func cutBeforeCommit() async throws {
        try await withProxy { bench, proxy in
            try await bench.makeTable()
            for fault in [FaultProxy.Fault.cutBeforeServer, .cutAfterServer] {
                let runs = NIOLockedValueBox(0)
                try await bench.client.transaction(.readWrite, .urgent) { session in
                    let isFirst = runs.withLockedValue { runs in
                        runs += 1
                        return runs == 1
                    }
                    if isFirst { proxy.set(fault, count: 1) }
                    try session.run("INSERT INTO things SELECT count(*) FROM things")
                }
                #expect(runs.withLockedValue { $0 } == 2)
            }
            #expect(try await bench.count() == 2)
        }
    }

    @Test("a connection that is lost at the commit leaves the outcome unknown")
    func cutAtCommit() async throws {
        try await withProxy { bench, proxy in
            try await bench.makeTable()
            for (fault, count) in [(FaultProxy.Fault.cutBeforeServer, 0), (.cutAfterServer, 1)] {
                let failure = try await failure { () async throws(PostgresFailure) in
                    try await bench.client.transaction(.readWrite, .urgent) { session in
                        try session.run("INSERT INTO things SELECT count(*) FROM things")
                        proxy.set(fault, count: 1)
                    }
                }
                guard case .unknown = failure else { throw failure }
                #expect(try await bench.count() == count)
            }
        }
    }

    @Test("a snapshot that is lost at its end has been read all the same")
    func cutAfterSnapshot() async throws {
        try await withProxy { bench, proxy in
            let got = try await bench.client.transaction(.snapshot, .urgent) { session in
                let row = try session.row("SELECT 1")
                proxy.set(.cutAfterServer, count: 1)
                return row
            }
            #expect(got == [.integer(1)])
        }
    }

    @Test("a connection that is lost again and again ends as unavailable")
    func alwaysCut() async throws {
        try await withProxy { bench, proxy in
            let runs = NIOLockedValueBox(0)
            let failure = try await failure { () async throws(PostgresFailure) in
                try await bench.client.transaction(.readWrite, .urgent) { session in
                    runs.withLockedValue { $0 += 1 }
                    proxy.set(.cutBeforeServer, count: 1)
                    try session.run("SELECT 1")
                }
            }
            guard case .unavailable = failure else { throw failure }
            #expect(runs.withLockedValue { $0 } == 5)
        }
    }

    @Test("a backend that is ended costs a second run")
    func terminated() async throws {
        try await withClient { bench in
            let others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '\(bench.database)'"
            _ = try await bench.row("SELECT 1")
            try bench.server.run(others)
            #expect(try await bench.row("SELECT 1") == [.integer(1)])
            let runs = NIOLockedValueBox(0)
            let (entered, door) = (Door(), Door())
            async let row = bench.client.transaction(.readWrite, .urgent) { session in
                let isFirst = runs.withLockedValue { runs in
                    runs += 1
                    return runs == 1
                }
                if isFirst {
                    try session.run("SELECT 1")
                    entered.open()
                    door.pass()
                }
                return try session.row("SELECT 2")
            }
            entered.pass()
            try bench.server.run(others)
            door.open()
            #expect(try await row == [.integer(2)])
            #expect(runs.withLockedValue { $0 } == 2)
        }
    }

    @Test("a statement that takes too long is a time-out, and the connection stays")
    func statementTimeOut() async throws {
        try await withClient({
            $0.connections = 2
            $0.statementMilliseconds = 200
        }) { bench in
            let (entered, door) = (Door(), Door())
            async let holder: Void = bench.client.transaction(.readWrite, .urgent) { session in
                try session.run("SELECT pg_advisory_xact_lock(1)")
                entered.open()
                door.pass()
            }
            entered.pass()
            let pid = NIOLockedValueBox<[PostgresValue]>([])
            let failure = try await failure { () async throws(PostgresFailure) in
                try await bench.client.transaction(.readWrite, .urgent) { session in
                    let own = try session.row("SELECT pg_backend_pid()")
                    pid.withLockedValue { $0 = own }
                    try session.run("SELECT pg_advisory_xact_lock(1)")
                }
            }
            guard case .timedOut = failure else { throw failure }
            #expect(try await bench.row("SELECT pg_backend_pid()") == pid.withLockedValue { $0 })
            // A patient one may take longer.
            async let patient: Void = bench.client.transaction(.readWrite, .patient) { session in
                try session.run("SELECT pg_advisory_xact_lock(1)")
            }
            Door().pass(milliseconds: 400)
            door.open()
            try await holder
            try await patient
        }
    }

    @Test("a transaction that idles too long is a time-out")
    func idleTimeOut() async throws {
        try await withClient({ $0.idleMilliseconds = 100 }) { bench in
            let runs = NIOLockedValueBox(0)
            let failure = try await failure { () async throws(PostgresFailure) in
                try await bench.client.transaction(.readWrite, .urgent) { session in
                    runs.withLockedValue { $0 += 1 }
                    try session.run("SELECT 1")
                    Door().pass(milliseconds: 400)
                    try session.run("SELECT 1")
                }
            }
            guard case .timedOut = failure else { throw failure }
            #expect(runs.withLockedValue { $0 } == 1)
            #expect(try await bench.row("SELECT 1") == [.integer(1)])
        }
    }

    @Test("a server that hangs ends as a time-out, after the commit as unknown; ended and started, it is found again")
    func hangingAndRestarted() async throws {
        let server = try await PostgresServer()
        defer { server.remove() }
        let change: @Sendable (inout PostgresSettings) -> Void = {
            $0.connections = 1
            $0.statementMilliseconds = 300
            $0.graceMilliseconds = 200
        }
        try await withClient(of: server, server.url(), "postgres", change) { bench in
            try await bench.makeTable()
            let inside = try await failure { () async throws(PostgresFailure) in
                try await bench.client.transaction(.readWrite, .urgent) { session in
                    server.pause()
                    try session.run("INSERT INTO things VALUES (1)")
                }
            }
            guard case .timedOut = inside else { throw inside }
            // No new connection can be made, either.
            let between = try await failure { () async throws(PostgresFailure) in
                try await bench.client.transaction(.readWrite, .urgent) { try $0.run("SELECT 1") }
            }
            guard case .unavailable = between else { throw between }
            server.resume()
            try await eventually("the server is found again") { (try? await bench.count()) == 0 }
            let atCommit = try await failure { () async throws(PostgresFailure) in
                try await bench.client.transaction(.readWrite, .urgent) { session in
                    try session.run("INSERT INTO things VALUES (1)")
                    server.pause()
                }
            }
            guard case .unknown = atCommit else { throw atCommit }
            server.resume()
            try await eventually("the server is found again") { (try? await bench.count()) != nil }

            server.kill()
            let down = try await failure { () async throws(PostgresFailure) in
                try await bench.client.transaction(.readWrite, .urgent) { try $0.run("SELECT 1") }
            }
            guard case .unavailable = down else { throw down }
            try await server.start()
            try await eventually("the server is found again") { (try? await bench.count()) != nil }
        }
    }
}
