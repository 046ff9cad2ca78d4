public import Domain

/// Everything the shop can do, put together from its ports. Reads as the list of what there is.
public struct UseCases: Sendable {
    /// Takes an order.
    public let placeOrder: PlaceOrder
    /// Shows an order to its holder.
    public let readOrder: ReadOrder
    /// Ends an unpaid order.
    public let cancelOrder: CancelOrder
    /// Opens an attempt to pay.
    public let beginPayment: BeginPayment
    /// Takes a provider's callback.
    public let receiveCallback: ReceiveCallback
    /// Lets the built-in provider pay.
    public let paySandboxOrder: PaySandboxOrder
    /// Judges a recorded payment anew.
    public let replayPayment: ReplayPayment
    /// Delivers an order for whose money the owner vouches.
    public let confirmOrder: ConfirmOrder
    /// Delivers a paid order of a manual product.
    public let fulfilOrder: FulfilOrder
    /// Gives money back.
    public let refundOrder: RefundOrder
    /// Finds a buyer's orders.
    public let lookUpOrders: LookUpOrders
    /// Says what an order would cost.
    public let quoteOrder: QuoteOrder
    /// Says what is left.
    public let showStock: ShowStock
    /// Puts a product on offer.
    public let createProduct: CreateProduct
    /// Changes a product.
    public let changeProduct: ChangeProduct
    /// Makes and changes what products are shown under.
    public let manageCategories: ManageCategories
    /// Makes and changes coupons.
    public let manageCoupons: ManageCoupons
    /// Tells visitors what is new.
    public let manageAnnouncements: ManageAnnouncements
    /// Says what the shop is called, how it looks and what it tells about itself.
    public let manageSettings: ManageSettings
    /// Keeps the owner's pictures.
    public let managePictures: ManagePictures
    /// Says whom the shop does not sell to.
    public let manageBlacklist: ManageBlacklist
    /// Brings the catalog into memory.
    public let loadCatalog: LoadCatalog
    /// Adds cards to a pool.
    public let importCards: ImportCards
    /// Exports, voids and replaces cards, and takes batches out again.
    public let manageCards: ManageCards
    /// Makes a way to pay available.
    public let configureChannel: ConfigureChannel
    /// Loads the gate.
    public let openGate: OpenGate
    /// Makes, keeps and restores copies of the ledger.
    public let manageBackups: ManageBackups
    /// Rehearses sales.
    public let manageDrills: ManageDrills
    /// What members of the staff do with their accounts.
    public let staff: StaffUseCases

    /// Tells gate and watchers what the ledger did.
    public let announcer: Announcer

    /// What the use cases stand on.
    public struct Ports: Sendable {
        /// The authority over orders, cards and money.
        public let ledger: any Ledger
        /// What is sold and how it may be paid, stored.
        public let catalog: any Catalog
        /// The pools' cards.
        public let cards: any CardStore
        /// Who may log in to the back office.
        public let staff: any StaffStore
        /// The same in memory.
        public let cache: CatalogCache
        /// Turns buyers away in microseconds.
        public let gate: any Gate
        /// Makes orders durable.
        public let intake: any Intake
        /// The kinds of channels.
        public let channelKinds: [any PaymentChannelKind]
        /// Calls providers.
        public let caller: any ProviderCaller
        /// Holds what buyers fill in against patterns.
        public let patterns: any Patterns
        /// Keeps callbacks that cannot be verified.
        public let forged: ForgedInbox
        /// The unwrapped keys.
        public let keys: KeyRing
        /// Tells of orders that have changed, and how they stand.
        public let board: any OrderBoard
        /// Makes identifiers.
        public let identifiers: IdentifierMaker
        /// Tells the time.
        public let clock: any Clock
        /// Every bound.
        public let limits: Limits
        /// The copies of the ledger; nil where the shop keeps none.
        public let backups: (any BackupStore)?
        /// Where sales are rehearsed; nil where they cannot be.
        public let drills: (any DrillStage)?

        /// Puts the ports together.
        public init(
            ledger: any Ledger, catalog: any Catalog, cards: any CardStore, staff: any StaffStore, cache: CatalogCache,
            gate: any Gate,
            intake: any Intake, channelKinds: [any PaymentChannelKind], caller: any ProviderCaller,
            patterns: any Patterns, forged: ForgedInbox, keys: KeyRing, board: any OrderBoard,
            identifiers: IdentifierMaker,
            clock: any Clock, limits: Limits, backups: (any BackupStore)? = nil, drills: (any DrillStage)? = nil
        ) {
            self.ledger = ledger
            self.catalog = catalog
            self.cards = cards
            self.staff = staff
            self.cache = cache
            self.gate = gate
            self.intake = intake
            self.channelKinds = channelKinds
            self.caller = caller
            self.patterns = patterns
            self.forged = forged
            self.keys = keys
            self.board = board
            self.identifiers = identifiers
            self.clock = clock
            self.limits = limits
            self.backups = backups
            self.drills = drills
        }
    }

    /// Builds the use cases.
    public init(_ ports: Ports) {
        placeOrder = PlaceOrder(ports)
        readOrder = ReadOrder(
            board: ports.board, ledger: ports.ledger, catalog: ports.cache, keys: ports.keys)
        announcer = Announcer(gate: ports.gate, board: ports.board)
        cancelOrder = CancelOrder(ledger: ports.ledger, announcer: announcer, clock: ports.clock)
        beginPayment = BeginPayment(
            ledger: ports.ledger, catalog: ports.cache, identifiers: ports.identifiers, clock: ports.clock)
        receiveCallback = ReceiveCallback(
            ledger: ports.ledger, catalog: ports.cache, announcer: announcer, forged: ports.forged,
            clock: ports.clock, limits: ports.limits)
        paySandboxOrder = PaySandboxOrder(
            ledger: ports.ledger, catalog: ports.cache, beginPayment: beginPayment, receiveCallback: receiveCallback)
        replayPayment = ReplayPayment(ledger: ports.ledger, announcer: announcer, clock: ports.clock)
        confirmOrder = ConfirmOrder(ledger: ports.ledger, announcer: announcer, clock: ports.clock)
        fulfilOrder = FulfilOrder(
            ledger: ports.ledger, keys: ports.keys, announcer: announcer, clock: ports.clock)
        refundOrder = RefundOrder(
            ledger: ports.ledger, catalog: ports.cache, caller: ports.caller, announcer: announcer,
            clock: ports.clock, limits: ports.limits)
        lookUpOrders = LookUpOrders(ledger: ports.ledger, keys: ports.keys, limits: ports.limits)
        quoteOrder = QuoteOrder(
            catalog: ports.cache, cards: ports.cards, patterns: ports.patterns, clock: ports.clock)
        showStock = ShowStock(gate: ports.gate)
        createProduct = CreateProduct(ports, announcer: announcer)
        changeProduct = ChangeProduct(ports)
        manageCategories = ManageCategories(ports)
        manageCoupons = ManageCoupons(ports)
        manageAnnouncements = ManageAnnouncements(ports)
        manageSettings = ManageSettings(ports)
        managePictures = ManagePictures(ports)
        manageBlacklist = ManageBlacklist(ports)
        loadCatalog = LoadCatalog(catalog: ports.catalog, cache: ports.cache)
        importCards = ImportCards(
            ledger: ports.ledger, cards: ports.cards, cache: ports.cache, gate: ports.gate, announcer: announcer,
            keys: ports.keys, clock: ports.clock, limits: ports.limits)
        manageCards = ManageCards(
            cards: ports.cards, cache: ports.cache, gate: ports.gate, keys: ports.keys, clock: ports.clock,
            limits: ports.limits)
        configureChannel = ConfigureChannel(
            catalog: ports.catalog, cache: ports.cache, kinds: ports.channelKinds, keys: ports.keys,
            clock: ports.clock, limits: ports.limits)
        staff = StaffUseCases(
            StaffTools(
                store: ports.staff, keys: ports.keys, passwords: PasswordHasher(limits: ports.limits),
                clock: ports.clock, limits: ports.limits))
        manageBackups = ManageBackups(ports)
        manageDrills = ManageDrills(ports)
        openGate = OpenGate(ledger: ports.ledger, gate: ports.gate, clock: ports.clock, limits: ports.limits)
    }
}
