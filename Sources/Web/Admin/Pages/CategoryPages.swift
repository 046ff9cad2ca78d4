import Domain
import Hummingbird
import PageSupport
import Shop
import WebSupport

// What products are shown under.
extension Admin {
    var categoryRoutes: [Route] {
        [
            page("/categories", .read) { visit, _, _ in categoryList(visit, FilledForm(["position": "0"])) },
            form("/categories", .changeCatalog) { form, visit, _, _ in
                var filled = try FilledForm(form)
                let slug = filled.slug()
                let position = position(&filled)
                let name = filled.line("name", maximum: Category.maximumNameLength)
                guard filled.isFine, let slug else { return categoryList(visit, filled) }
                let draft = CategoryDraft(
                    slug: slug, name: name, position: position, isHidden: filled.isChecked("hidden"))
                do {
                    _ = try await useCases.manageCategories.create(draft, by: note(visit, form))
                } catch let error as ShopError {
                    filled.fail(error)
                    return categoryList(visit, filled)
                }
                return Self.redirect(to: "/admin/categories", done: "saved")
            },
            page("/categories/{slug}", .changeCatalog) { visit, _, context in
                let category = try category(context)
                let values = [
                    "name": category.name, "position": "\(category.position)",
                    "hidden": Self.check(category.isHidden),
                ]
                return categoryPage(visit, category, FilledForm(values))
            },
            form("/categories/{slug}", .changeCatalog) { form, visit, _, context in
                let category = try category(context)
                var filled = try FilledForm(form)
                let change = CategoryChange(
                    name: filled.line("name", maximum: Category.maximumNameLength), position: position(&filled),
                    isHidden: filled.isChecked("hidden"))
                guard filled.isFine else { return categoryPage(visit, category, filled) }
                do {
                    _ = try await useCases.manageCategories.change(
                        category.slug.text, change, by: note(visit, form))
                } catch let error as ShopError {
                    filled.fail(error)
                    return categoryPage(visit, category, filled)
                }
                return Self.redirect(to: "/admin/categories", done: "saved")
            },
            form("/categories/{slug}/remove", .changeCatalog) { form, visit, _, context in
                try await useCases.manageCategories.remove(context.parameter("slug"), by: note(visit, form))
                return Self.redirect(to: "/admin/categories", done: "removed")
            },
        ]
    }

    private func position(_ filled: inout FilledForm) -> Int {
        let bound = Int64(Category.maximumPosition)
        return Int(filled.integer("position", in: -bound...bound))
    }

    private func category(_ context: ShopRequestContext) throws(ShopError) -> Category {
        guard let slug = Slug(context.parameter("slug")), let category = ports.cache.category(slug) else {
            throw ShopError(.notFound, "no such category")
        }
        return category
    }

    private func fields(_ field: FormFields) -> [FormField] {
        [field("name", isRequired: true), field("position", .input("number")), field("hidden", .check), field.reason]
    }

    private func categoryList(_ visit: AdminVisit, _ filled: FilledForm) -> Response {
        let mayChange = visit.may(.changeCatalog)
        let table = DataTable(
            columns: columns(visit, ["name", "slug", "position", "state", ""], numbers: [2]),
            rows: ports.cache.categories().map { category in
                let base = "/admin/categories/\(category.slug.text)"
                let remove = DataTable.Action(
                    address: "\(base)/remove", button: visit.word("cat_remove"),
                    confirm: visit.word("cat_removeConfirm", category.name), isDangerous: true)
                return [
                    DataTable.Cell(text: category.name, link: mayChange ? base : ""),
                    DataTable.Cell(text: category.slug.text), DataTable.Cell(text: "\(category.position)"),
                    DataTable.Cell(text: category.isHidden ? visit.word("cat_isHidden") : ""),
                    DataTable.Cell(text: "", action: mayChange ? remove : nil),
                ]
            }, nothing: visit.word("cat_nothing"), label: visit.word("menuCategories"))
        var sections = [PageSection(table: table)]
        if mayChange {
            let field = FormFields(visit, filled)
            let form = FormSpec(
                action: "/admin/categories", fields: [field("slug", isRequired: true)] + fields(field),
                button: visit.word("cat_add"))
            sections.append(PageSection(heading: visit.word("cat_add"), forms: [form]))
        }
        return show(
            visit, visit.word("menuCategories"), sections, alert: alert(filled, visit), status: status(filled))
    }

    private func categoryPage(_ visit: AdminVisit, _ category: Category, _ filled: FilledForm) -> Response {
        let form = FormSpec(
            action: "/admin/categories/\(category.slug.text)", fields: fields(FormFields(visit, filled)),
            button: visit.word("save"))
        return show(
            visit, category.name,
            crumbs: [Link(text: visit.word("menuCategories"), address: "/admin/categories")],
            [PageSection(forms: [form])], alert: alert(filled, visit), status: status(filled))
    }
}
