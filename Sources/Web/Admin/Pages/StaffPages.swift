import Domain
import Hummingbird
import PageSupport
import Shop
import WebSupport

// Members of the staff: who they are, what they may do, and where they are logged in.
extension Admin {
    var staffRoutes: [Route] {
        [
            page("/staff", .manageStaff) { visit, _, _ in try await staffPage(visit) },
            form("/staff", .manageStaff) { form, visit, _, _ in
                guard let staff = visit.staff, let role = StaffRole(rawValue: form["role"]) else {
                    throw ShopError.invalid("role", "is not a role")
                }
                do {
                    let made = try await useCases.staff.manageStaff.create(
                        name: form["name"].trimmed, role: role, by: staff, reason: note(visit, form).reason)
                    return passwordPage(visit, made.member, made.password)
                } catch let error as ShopError {
                    return try await staffPage(visit, form: form, error)
                }
            },
            change("/staff/{id}/role") { id, version, form, staff in
                guard let role = StaffRole(rawValue: form["role"]) else {
                    throw ShopError.invalid("role", "is not a role")
                }
                _ = try await useCases.staff.manageStaff.changeRole(id, version: version, to: role, by: staff)
            },
            change("/staff/{id}/disable") { id, version, form, staff in
                _ = try await useCases.staff.manageStaff.disable(
                    id, version: version, form["disabled"] == "yes", by: staff)
            },
            form("/staff/{id}/password", .manageStaff) { form, visit, _, context in
                guard let staff = visit.staff else { throw Self.notAllowed }
                let reset = try await useCases.staff.manageStaff.resetPassword(
                    Int64(context.parameter("id")) ?? 0, version: Int(form["version"]) ?? 0,
                    removesSecondFactor: form["totp"] == "yes", by: staff)
                return passwordPage(visit, reset.member, reset.password)
            },
            form("/staff/sessions/{id}/end", .manageStaff) { _, visit, _, context in
                guard let staff = visit.staff else { throw Self.notAllowed }
                try await useCases.staff.endSession(Int64(context.parameter("id")) ?? 0, by: staff)
                return Self.redirect(to: "/admin/staff", done: "ended")
            },
        ]
    }

    private func change(
        _ path: String,
        _ body:
            @escaping @Sendable (
                _ id: Int64, _ version: Int, _ form: WebForm, _ staff: StaffVisit
            ) async throws -> Void
    ) -> Route {
        form(path, .manageStaff) { form, visit, _, context in
            guard let staff = visit.staff else { throw Self.notAllowed }
            try await body(Int64(context.parameter("id")) ?? 0, Int(form["version"]) ?? 0, form, staff)
            return Self.redirect(to: "/admin/staff", done: "saved")
        }
    }

    private func passwordPage(_ visit: AdminVisit, _ member: StaffMember, _ password: String) -> Response {
        show(
            visit, member.name.text,
            [
                PageSection(
                    text: visit.word("oneTimePassword"), facts: [Fact(label: visit.word("password"), value: password)],
                    links: [Link(text: visit.word("done"), address: "/admin/staff", isPlain: false)])
            ])
    }

    private func roles(_ visit: AdminVisit) -> [(value: String, text: String)] {
        StaffRole.allCases.map { ($0.rawValue, visit.word("role_\($0.rawValue)")) }
    }

    private func staffPage(
        _ visit: AdminVisit, form: WebForm? = nil, _ error: ShopError? = nil
    ) async throws -> Response {
        guard let staff = visit.staff else { throw Self.notAllowed }
        let members = try await useCases.staff.manageStaff.list(by: staff)
        let sessions = try await useCases.staff.listSessions.all(staff)
        let add = FormSpec(
            action: "/admin/staff",
            fields: [
                FormField(
                    name: "name", label: visit.word("loginName"), value: form?["name"] ?? "",
                    hint: visit.word("loginNameHint"),
                    error: error?.field == "name" ? error.map { visit.bareReason($0) } ?? "" : "",
                    isRequired: true),
                FormField(
                    name: "role", label: visit.word("role"), kind: .choice(roles(visit)),
                    value: form?["role"] ?? StaffRole.staff.rawValue),
            ], button: visit.word("addMember"), isInline: true)
        return show(
            visit, visit.word("menuStaff"),
            [
                PageSection(heading: visit.word("addMember"), forms: [add]),
                PageSection(heading: visit.word("members"), table: memberTable(visit, members)),
                PageSection(heading: visit.word("sessions"), table: sessionTable(visit, sessions, "/admin/staff")),
            ], alert: error.map { Self.explain($0, visit) } ?? "",
            status: error.map { Problem.answer($0).status } ?? .ok)
    }

    private func memberTable(_ visit: AdminVisit, _ members: [StaffMember]) -> DataTable {
        DataTable(
            columns: [visit.word("loginName"), visit.word("role"), visit.word("totp"), "", "", ""].map {
                DataTable.Column(text: $0)
            },
            rows: members.map { member in
                let base = "/admin/staff/\(member.id)"
                let version = ("version", "\(member.version)")
                let next: StaffRole = member.role == .owner ? .staff : member.role == .staff ? .reader : .owner
                let role = DataTable.Action(
                    address: "\(base)/role", button: visit.word("makeRole", visit.word("role_\(next.rawValue)")),
                    hidden: [version, ("role", next.rawValue)],
                    confirm: visit.word("roleConfirm", member.name.text, visit.word("role_\(next.rawValue)")))
                let disable = DataTable.Action(
                    address: "\(base)/disable", button: visit.word(member.isDisabled ? "enable" : "disable"),
                    hidden: [version, ("disabled", member.isDisabled ? "no" : "yes")],
                    confirm: member.isDisabled ? "" : visit.word("disableConfirm", member.name.text))
                let reset = DataTable.Action(
                    address: "\(base)/password", button: visit.word("resetPassword"),
                    hidden: [version, ("totp", "yes")], confirm: visit.word("resetPasswordConfirm"))
                return [
                    DataTable.Cell(
                        text: member.name.text, small: member.isDisabled ? visit.word("isDisabled") : ""),
                    DataTable.Cell(text: visit.word("role_\(member.role.rawValue)"), isBadge: true),
                    DataTable.Cell(
                        text: visit.word(member.hasTOTP ? "on" : "off"), tone: member.hasTOTP ? .good : .warn),
                    DataTable.Cell(text: "", action: role), DataTable.Cell(text: "", action: disable),
                    DataTable.Cell(text: "", action: reset),
                ]
            }, label: visit.word("members"))
    }
}
