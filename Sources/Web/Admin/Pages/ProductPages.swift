import Domain
import HTTPTypes
import Hummingbird
import NIOCore
import PageSupport
import Shop
import WebSupport

// What is sold: a list, and a page of each.
extension Admin {
    var productRoutes: [Route] {
        [
            page("/products", .read) { visit, _, _ in productList(visit) },
            page("/new-product", .changeCatalog) { visit, _, _ in
                newProductPage(visit, newProductValues(visit))
            },
            form("/products", .changeCatalog, createProduct),
            page("/products/{slug}", .read) { visit, _, context in productPage(visit, try listing(context)) },
            form("/products/{slug}", .changeCatalog, changeProduct),
            form("/products/{slug}/units", .importCards) { form, visit, _, context in
                let listing = try listing(context)
                var filled = try FilledForm(form)
                let units = filled.integer("units", in: 1...Int64(CreateProduct.maximumUnits))
                guard filled.isFine else { return productPage(visit, listing, others: filled) }
                _ = try await useCases.createProduct.addUnits(Int(units), to: listing.product, by: note(visit, form))
                return Self.redirect(to: Self.address(listing), done: "saved")
            },
            form("/products/{slug}/secret", .importCards) { form, visit, _, context in
                let listing = try listing(context)
                var filled = try FilledForm(form)
                do {
                    try await useCases.createProduct.replaceSecret(
                        filled["secret"], of: listing.product, by: note(visit, form))
                } catch let error as ShopError {
                    filled.fail(error)
                    return productPage(visit, listing, others: filled)
                }
                return Self.redirect(to: Self.address(listing), done: "saved")
            },
            upload("/pictures", .changeCatalog, storePicture),
        ]
    }

    func listing(_ context: ShopRequestContext) throws(ShopError) -> Listing {
        guard let slug = Slug(context.parameter("slug")), let listing = ports.cache.listing(slug) else {
            throw ShopError(.noSuchProduct, "no product is called that")
        }
        return listing
    }

    static func address(_ listing: Listing) -> String { "/admin/products/\(listing.product.slug.text)" }

    // MARK: Changing

    @Sendable private func createProduct(
        _ form: WebForm, _ visit: AdminVisit, _ request: Request, _ context: ShopRequestContext
    ) async throws -> Response {
        var filled = try FilledForm(form)
        guard let made = newProduct(&filled, visit) else { return newProductPage(visit, filled) }
        do {
            let listing = try await useCases.createProduct(made.draft, shared: made.stock, by: note(visit, form))
            return Self.redirect(to: Self.address(listing), done: "saved")
        } catch {
            filled.fail(error)
            return newProductPage(visit, filled)
        }
    }

    @Sendable private func changeProduct(
        _ form: WebForm, _ visit: AdminVisit, _ request: Request, _ context: ShopRequestContext
    ) async throws -> Response {
        let listing = try listing(context)
        var filled = try FilledForm(form)
        var draft = ProductDraft(listing)
        read(&filled, into: &draft, visit)
        guard filled.isFine else { return productPage(visit, listing, filled) }
        do {
            // A form without a version is of no version: nothing may be overwritten unseen.
            _ = try await useCases.changeProduct(
                context.parameter("slug"), version: Int(form["version"]) ?? 0, by: note(visit, form)
            ) { $0 = draft }
        } catch {
            filled.fail(error)
            guard error.code == .wrongState else { return productPage(visit, listing, filled) }
            let stored = try await stored(listing)
            filled.overtaken(by: values(stored, visit))
            return productPage(visit, stored, filled)
        }
        return Self.redirect(to: Self.address(listing), done: "saved")
    }

    /// A product as it is stored, whatever this process has in memory.
    private func stored(_ known: Listing) async throws(ShopError) -> Listing {
        for listing in try await ports.catalog.listings() where listing.product.id == known.product.id {
            ports.cache.put(listing)
            return listing
        }
        return known
    }

    @Sendable private func storePicture(
        _ visit: AdminVisit, _ request: Request, _ context: ShopRequestContext
    ) async throws -> Response {
        let body = try await request.bytes(maximum: ports.limits.pictureBytes)
        let picture = try await useCases.managePictures.store(Array(body.readableBytesView), by: note(visit))
        return Self.json(JSONWriter.object { $0.string("path", picture.path) }, .ok)
    }

    /// An answer for a script.
    static func json(_ body: ByteBuffer, _ status: HTTPResponse.Status) -> Response {
        Response(
            status: status,
            headers: [
                .contentType: "application/json", .cacheControl: "no-store", .xContentTypeOptions: "nosniff",
            ], body: .init(byteBuffer: body))
    }

    // MARK: Pages

    private static let rows = 200

    private func productList(_ visit: AdminVisit) -> Response {
        let wanted = (visit.query["q"] ?? "").trimmed.lowercased()
        let from = max(0, visit.query["from"].flatMap { Int($0) } ?? 0)
        let found = ports.cache.listings().filter { listing in
            wanted.isEmpty || listing.product.slug.text.contains(wanted)
                || listing.product.title.lowercased().contains(wanted)
        }
        let shown = found.dropFirst(from).prefix(Self.rows)
        let search = FormSpec(
            action: "/admin/products",
            fields: [FormFields(visit, FilledForm(["q": visit.query["q"] ?? ""]))("q", .input("search"))],
            button: visit.word("cat_search"), isGet: true, isInline: true, isPlain: true)
        var links: [Link] = []
        if visit.may(.changeCatalog) {
            links.append(Link(text: visit.word("cat_newProduct"), address: "/admin/new-product", isPlain: false))
        }
        if from + shown.count < found.count {
            let address = "/admin/products?from=\(from + Self.rows)&q=\(FormText.encoded(wanted))"
            links.append(Link(text: visit.word("cat_more"), address: address))
        }
        var sections = [
            PageSection(forms: [search], links: links), PageSection(table: productRows(visit, Array(shown))),
        ]
        if visit.may(.seeSecrets) { sections.append(findSection(visit, FilledForm([:]))) }
        if visit.may(.changeCatalog) { sections.append(tableSection(visit, "products")) }
        return show(visit, visit.word("menuProducts"), sections)
    }

    private func productRows(_ visit: AdminVisit, _ listings: [Listing]) -> DataTable {
        DataTable(
            columns: columns(visit, ["product", "amount", "stock", "state", ""], numbers: [1, 2]),
            rows: listings.map { listing in
                let product = listing.product
                let state = state(listing, visit)
                return [
                    DataTable.Cell(text: product.title, small: product.slug.text, link: Self.address(listing)),
                    DataTable.Cell(text: MoneyFormat.text(product.price)),
                    DataTable.Cell(text: stock(product, visit), link: cardsAddress(product)),
                    DataTable.Cell(text: visit.word(state.word), tone: state.tone, isBadge: true),
                    DataTable.Cell(text: visit.word("cat_view"), link: publicAddress(product)),
                ]
            }, nothing: visit.word("cat_nothing"), label: visit.word("menuProducts"))
    }

    private func publicAddress(_ product: Product) -> String {
        "\(settings.publicURL())/products/\(product.slug.text)"
    }

    private func cardsAddress(_ product: Product) -> String {
        product.kind == .card ? "/admin/products/\(product.slug.text)/cards" : ""
    }

    /// What the gate believes, whatever visitors are told.
    func stock(_ product: Product, _ visit: AdminVisit) -> String {
        guard product.kind.isPooled else { return visit.word("cat_endless") }
        let drawn = max(0, ports.gate.available(product.id, .drawn))
        guard product.isPickable else { return "\(drawn)" }
        return "\(drawn) + \(max(0, ports.gate.available(product.id, .picked)))"
    }

    private func state(_ listing: Listing, _ visit: AdminVisit) -> (word: String, tone: Tone) {
        guard listing.product.window.contains(visit.now) else { return ("cat_offSale", .warn) }
        return listing.page.isHidden ? ("cat_isHidden", .plain) : ("cat_onSale", .good)
    }

    private var productCrumb: (AdminVisit) -> Link {
        { Link(text: $0.word("menuProducts"), address: "/admin/products") }
    }

    private func newProductPage(_ visit: AdminVisit, _ filled: FilledForm) -> Response {
        show(
            visit, visit.word("cat_newProduct"), crumbs: [productCrumb(visit)],
            [PageSection(forms: [productForm(visit, filled, of: nil)]), pictureSection(visit)],
            alert: alert(filled, visit), status: status(filled))
    }

    /// - Parameters:
    ///   - filled: what was filled in, if something is wrong with it
    ///   - others: the same of one of the smaller forms
    private func productPage(
        _ visit: AdminVisit, _ listing: Listing, _ filled: FilledForm? = nil, others: FilledForm? = nil
    ) -> Response {
        let product = listing.product
        let state = state(listing, visit)
        var links = [Link(text: visit.word("cat_view"), address: publicAddress(product))]
        if product.kind == .card {
            links.append(Link(text: visit.word("cat_cards"), address: cardsAddress(product), isPlain: false))
        }
        // Somebody else was faster: what was filled in stays here, and can be dropped.
        if filled?.fault?.code == .wrongState {
            links.append(Link(text: visit.word("cat_fresh"), address: Self.address(listing)))
        }
        let facts = [
            Fact(label: visit.word("cat_slug"), value: product.slug.text),
            Fact(label: visit.word("cat_kind"), value: visit.word("cat_kind_\(product.kind.name)")),
            Fact(label: visit.word("cat_amount"), value: MoneyFormat.text(product.price)),
            Fact(label: visit.word("cat_stock"), value: stock(product, visit)),
            Fact(label: visit.word("cat_state"), value: visit.word(state.word), tone: state.tone),
            Fact(label: visit.word("cat_window"), value: windowText(product.window, visit)),
            Fact(label: visit.word("cat_version"), value: "\(product.version)"),
        ]
        var sections = [PageSection(facts: facts, links: links)]
        if visit.may(.changeCatalog) {
            let form = productForm(visit, filled ?? values(listing, visit), of: listing)
            sections += [PageSection(heading: visit.word("cat_change"), forms: [form]), pictureSection(visit)]
        }
        if visit.may(.importCards) { sections += sharedSections(visit, listing, others ?? FilledForm([:])) }
        let wrong = filled ?? others
        return show(
            visit, product.title, crumbs: [productCrumb(visit)], sections, alert: alert(wrong, visit),
            status: status(wrong))
    }

    private func sharedSections(_ visit: AdminVisit, _ listing: Listing, _ filled: FilledForm) -> [PageSection] {
        guard listing.product.kind.name == "shared" else { return [] }
        let field = FormFields(visit, filled, "more")
        let base = Self.address(listing)
        var forms = [
            FormSpec(
                action: "\(base)/secret", fields: [field("secret", .area(rows: 2), isRequired: true), field.reason],
                button: visit.word("cat_replaceSecret"), confirm: visit.word("cat_replaceSecretConfirm"))
        ]
        if listing.product.kind == .sharedCounted {
            forms.append(
                FormSpec(
                    action: "\(base)/units",
                    fields: [field("units", .input("number"), isRequired: true), field.reason],
                    button: visit.word("cat_addUnits")))
        }
        return [PageSection(heading: visit.word("cat_shared"), forms: forms)]
    }

    private func pictureSection(_ visit: AdminVisit) -> PageSection {
        let settings = scriptSettings(
            visit, address: "/admin/pictures", words: ["cat_choosePicture", "cat_pictureDone", "cat_failed"])
        return PageSection(
            heading: visit.word("cat_uploadPicture"), text: visit.word("cat_uploadPictureHint"),
            data: ("picture", settings))
    }

    /// What a script needs to know, as JSON.
    func scriptSettings(_ visit: AdminVisit, address: String, isPickable: Bool = false, words: [String]) -> String {
        let token = visit.token.value
        let json = JSONWriter.object { json in
            json.string("address", address)
            json.string("token", token)
            json.bool("pickable", isPickable)
            json.object("words") { json in
                for word in words { json.string(String(word.dropFirst(4)), visit.word(word, "{n}", "{m}")) }
            }
        }
        return String(buffer: json)
    }
}
