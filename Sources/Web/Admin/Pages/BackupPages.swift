import Domain
import HTTPTypes
import Hummingbird
import NIOCore
import PageSupport
import Shop
import WebSupport

// Copies of the ledger: made, kept, given away, brought in, and put in the ledger's place.
extension Admin {
    var backupRoutes: [Route] {
        [
            page("/backups", .backUp) { visit, _, _ in try await backupsPage(visit) },
            form("/backups", .backUp) { form, visit, _, _ in
                _ = try await useCases.manageBackups.make(by: note(visit, form))
                return Self.redirect(to: "/admin/backups", done: "backedUp")
            },
            form("/backups/schedule", .backUp, changeSchedule),
            upload("/backups/upload", .backUp) { visit, request, _ in
                let chunks = request.body.map { Array($0.readableBytesView) }
                let file = try await useCases.manageBackups.receive(chunks, by: note(visit))
                return Self.json(JSONWriter.object { $0.string("next", "/admin/backups/\(file.name)") }, .ok)
            },
            page("/backups/{name}", .backUp) { visit, _, context in
                try await backupPage(visit, context.parameter("name"))
            },
            form("/backups/{name}/download", .backUp, downloadBackup),
            form("/backups/{name}/remove", .backUp) { form, visit, _, context in
                try await useCases.manageBackups.remove(context.parameter("name"), by: note(visit, form))
                return Self.redirect(to: "/admin/backups", done: "removed")
            },
            form("/backups/{name}/restore", .backUp, restoreBackup),
        ]
    }

    // MARK: What is asked for

    @Sendable private func changeSchedule(
        _ form: WebForm, _ visit: AdminVisit, _ request: Request, _ context: ShopRequestContext
    ) async throws -> Response {
        var filled = try FilledForm(form)
        let (hours, keep) = (BackupSchedule.hoursAllowed, BackupSchedule.keepAllowed)
        let everyHours = filled.integer("hours", in: Int64(hours.lowerBound)...Int64(hours.upperBound))
        let kept = filled.integer("keep", in: Int64(keep.lowerBound)...Int64(keep.upperBound))
        guard filled.isFine else { return try await backupsPage(visit, filled) }
        let schedule = try BackupSchedule(checking: Int(everyHours), keep: Int(kept))
        try await useCases.manageBackups.setSchedule(schedule, by: note(visit, form))
        return Self.redirect(to: "/admin/backups", done: "saved")
    }

    @Sendable private func downloadBackup(
        _ form: WebForm, _ visit: AdminVisit, _ request: Request, _ context: ShopRequestContext
    ) async throws -> Response {
        let backups = useCases.manageBackups
        let file = try await backups.beginDownload(context.parameter("name"), by: note(visit, form))
        let body = ResponseBody(contentLength: Int(file.bytes)) { writer in
            try await backups.read(file.name) { try await writer.write(ByteBuffer(bytes: $0)) }
            try await writer.finish(nil)
        }
        return Response(
            status: .ok,
            headers: [
                .contentType: "application/vnd.sqlite3", .cacheControl: "no-store", .xContentTypeOptions: "nosniff",
                .contentDisposition: "attachment; filename=\"\(file.name)\"",
            ], body: body)
    }

    @Sendable private func restoreBackup(
        _ form: WebForm, _ visit: AdminVisit, _ request: Request, _ context: ShopRequestContext
    ) async throws -> Response {
        let name = context.parameter("name")
        guard form["understood"] == "yes" else {
            return try await backupPage(visit, name, isUnderstood: false)
        }
        try await useCases.manageBackups.restore(name, by: note(visit, form))
        return show(
            visit, visit.word("bak_restarting"),
            [
                PageSection(
                    text: visit.word("bak_restartingHint"),
                    links: [Link(text: visit.word("menuBackups"), address: "/admin/backups")],
                    data: ("wait", "/admin/backups"))
            ], refresh: 10, status: .accepted)
    }

    // MARK: Pages

    private func backupsPage(_ visit: AdminVisit, _ filled: FilledForm? = nil) async throws -> Response {
        guard useCases.manageBackups.isOffered else {
            return show(visit, visit.word("menuBackups"), [PageSection(text: visit.word("bak_cluster"))])
        }
        let files = try await useCases.manageBackups.list()
        // One that cannot be read is mended by setting another one, on this page.
        let known = try? await useCases.manageBackups.schedule()
        let schedule = known ?? .standard
        let make = FormSpec(action: "/admin/backups", fields: [], button: visit.word("bak_make"))
        let words = JSONWriter.object { json in
            json.string("address", "/admin/backups/upload")
            json.string("token", visit.token.value)
            for word in ["choose", "sending", "failed"] { json.string(word, visit.word("bak_\(word)")) }
        }
        let sections =
            [outcome(visit)].compactMap { $0 } + [
                PageSection(
                    heading: visit.word("bak_make"), text: visit.word("bak_makeHint"), forms: [make]),
                PageSection(heading: visit.word("menuBackups"), table: backupTable(visit, files)),
                scheduleSection(visit, schedule, filled),
                PageSection(
                    heading: visit.word("bak_bring"), text: visit.word("bak_bringHint"),
                    data: ("upload", String(buffer: words))),
            ]
        return show(
            visit, visit.word("menuBackups"), sections,
            alert: known == nil ? visit.word("bak_noSchedule") : alert(filled, visit), status: status(filled))
    }

    /// What came of the restore for which the shop has begun anew.
    private func outcome(_ visit: AdminVisit) -> PageSection? {
        guard let outcome = (try? useCases.manageBackups.lastRestore()) ?? nil else { return nil }
        let (word, tone): (String, Tone) =
            outcome.fault != nil
            ? ("bak_notRestored", .bad) : outcome.isClean ? ("bak_restored", .good) : ("bak_restoredWrong", .bad)
        return PageSection(
            heading: visit.word("bak_last"), id: "restored", text: outcome.fault ?? visit.word("bak_after"),
            facts: [
                Fact(label: visit.word("bak_file"), value: outcome.name),
                Fact(label: visit.word("time"), value: visit.time(outcome.at)),
                Fact(label: visit.word("bak_outcome"), value: visit.word(word), tone: tone),
            ], links: [Link(text: visit.word("checkBooks"), address: "/admin/books")])
    }

    private func backupTable(_ visit: AdminVisit, _ files: [BackupFile]) -> DataTable {
        DataTable(
            columns: ["time", "bak_origin", "bak_bytes", "", ""].map {
                .init(text: $0.isEmpty ? "" : visit.word($0), isNumber: $0 == "bak_bytes")
            },
            rows: files.map { file in
                let base = "/admin/backups/\(file.name)"
                let download = DataTable.Action(address: base + "/download", button: visit.word("bak_download"))
                let remove = DataTable.Action(
                    address: base + "/remove", button: visit.word("bak_remove"), confirm: visit.word("bak_removeAsk"),
                    isDangerous: true)
                return [
                    .init(text: visit.time(file.madeAt), link: base),
                    .init(text: visit.word("bak_\(file.origin.rawValue)"), isBadge: true),
                    .init(text: Self.size(file.bytes)), .init(text: "", action: download),
                    .init(text: "", action: remove),
                ]
            }, nothing: visit.word("bak_none"), label: visit.word("menuBackups"))
    }

    private func scheduleSection(
        _ visit: AdminVisit, _ schedule: BackupSchedule, _ filled: FilledForm?
    ) -> PageSection {
        let known = FilledForm(["hours": "\(schedule.hours)", "keep": "\(schedule.keep)"])
        let field = FormFields(visit, filled ?? known, "bak")
        return PageSection(
            heading: visit.word("bak_schedule"), text: visit.word("bak_scheduleHint"),
            forms: [
                FormSpec(
                    action: "/admin/backups/schedule",
                    fields: [field("hours", .input("number")), field("keep", .input("number"))],
                    button: visit.word("save"), isPlain: true)
            ])
    }

    private func backupPage(
        _ visit: AdminVisit, _ name: String, isUnderstood: Bool = true
    ) async throws -> Response {
        let contents = try await useCases.manageBackups.examine(name)
        let since = contents.newestEntry.map { visit.time($0) } ?? "–"
        let facts = [
            Fact(label: visit.word("menuProducts"), value: "\(contents.products)"),
            Fact(label: visit.word("cat_cards"), value: "\(contents.cards)"),
            Fact(label: visit.word("menuOrders"), value: "\(contents.orders)"),
            Fact(label: visit.word("bak_newest"), value: since),
            Fact(
                label: visit.word("bak_key"), value: visit.word(contents.keyFits ? "bak_keyFits" : "bak_keyOther"),
                tone: contents.keyFits ? .good : .bad),
        ]
        var sections = [PageSection(heading: visit.word("bak_holds"), facts: facts)]
        if contents.keyFits {
            let restore = FormSpec(
                action: "/admin/backups/\(name)/restore",
                fields: [
                    FormField(
                        name: "understood", label: visit.word("bak_understood"), kind: .check,
                        error: isUnderstood ? "" : visit.word("bak_tick")),
                    FormField(name: "reason", label: visit.word("reason")),
                ], button: visit.word("bak_restore"), isDangerous: true, confirm: visit.word("bak_restoreAsk"))
            sections.append(
                PageSection(
                    heading: visit.word("bak_restore"), text: visit.word("bak_restoreHint", since), forms: [restore]))
        }
        return show(
            visit, name, crumbs: [Link(text: visit.word("menuBackups"), address: "/admin/backups")], sections,
            alert: isUnderstood ? "" : visit.word("checkFields"), status: isUnderstood ? .ok : .unprocessableContent)
    }

    /// Of files, in units of 1024.
    static func size(_ bytes: Int64) -> String {
        let units = ["B", "KiB", "MiB", "GiB", "TiB"]
        var (value, unit) = (Double(bytes), 0)
        while value >= 1024, unit + 1 < units.count { (value, unit) = (value / 1024, unit + 1) }
        return unit == 0 ? "\(bytes) B" : "\((value * 10).rounded() / 10) \(units[unit])"
    }
}
