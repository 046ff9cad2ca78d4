import Domain
import Testing

@testable import Shop

@Suite("Backups by a schedule")
struct BackupRoundsTests {
    private let start = Timestamp(milliseconds: 1_767_225_600_000)

    private func file(_ origin: BackupFile.Origin, _ hours: Int64) -> BackupFile {
        BackupFile(name: "\(origin)-\(hours)", origin: origin, madeAt: start.advanced(seconds: hours * 3600), bytes: 1)
    }

    private func isDue(_ files: [BackupFile], afterHours hours: Int64, every: Int = 24) throws -> Bool {
        BackupRounds.isDue(
            try BackupSchedule(checking: every, keep: 3), files, since: start,
            at: start.advanced(seconds: hours * 3600))
    }

    @Test("the first one is due once the shop has settled")
    func first() throws {
        #expect(try !isDue([], afterHours: 0))
        #expect(try isDue([], afterHours: 1))
    }

    @Test("the next one is due so many hours after the last one that was made here, by whomever")
    func next() throws {
        for origin in [BackupFile.Origin.scheduled, .manual] {
            #expect(try !isDue([file(origin, 1)], afterHours: 24))
            #expect(try isDue([file(origin, 1)], afterHours: 25))
        }
        #expect(try isDue([file(.uploaded, 20)], afterHours: 24))
    }

    @Test("the opening of a sale puts one off, and not for ever")
    func sales() throws {
        let schedule = try BackupSchedule(checking: 24, keep: 3)
        func isDue(afterHours hours: Int64, openingAt opening: Int64) -> Bool {
            BackupRounds.isDue(
                schedule, [file(.scheduled, 0)], since: start, at: start.advanced(seconds: hours * 3600),
                openings: [start.advanced(seconds: opening * 3600 + 1800)])
        }
        #expect(!isDue(afterHours: 24, openingAt: 24))
        #expect(!isDue(afterHours: 25, openingAt: 24))
        #expect(isDue(afterHours: 26, openingAt: 24))
        #expect(isDue(afterHours: 24, openingAt: 30))
        #expect(isDue(afterHours: 30, openingAt: 30))
    }

    @Test("without a schedule none is due, and none goes")
    func off() throws {
        #expect(try !isDue([], afterHours: 100, every: 0))
        let off = try BackupSchedule(checking: 0, keep: 1)
        #expect(BackupRounds.surplus(off, [file(.scheduled, 1), file(.scheduled, 2)]).isEmpty)
    }

    @Test("the oldest of its own go, and nobody else's")
    func surplus() throws {
        let files = [file(.manual, 0)] + (1...5).map { file(.scheduled, $0) } + [file(.uploaded, 0)]
        let surplus = BackupRounds.surplus(try BackupSchedule(checking: 24, keep: 3), files)
        #expect(surplus.map(\.name) == ["scheduled-2", "scheduled-1"])
    }

    @Test(
        "a schedule out of its bounds is refused by its field",
        arguments: [(-1, 1, "hours"), (721, 1, "hours"), (1, 0, "keep")])
    func bounds(_ hours: Int, _ keep: Int, _ field: String) {
        let error = #expect(throws: ShopError.self) { try BackupSchedule(checking: hours, keep: keep) }
        #expect(error?.field == field)
    }
}
