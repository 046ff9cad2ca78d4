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
    /// Finds a buyer's orders.
    public let lookUpOrders: LookUpOrders
    /// Puts a product on offer.
    public let createProduct: CreateProduct
    /// Adds cards to a pool.
    public let importCards: ImportCards
    /// Makes a way to pay available.
    public let configureChannel: ConfigureChannel
    /// Loads the gate.
    public let openGate: OpenGate

    /// What the use cases stand on.
    public struct Ports: Sendable {
        /// The authority over orders, cards and money.
        public let ledger: any Ledger
        /// What is sold and how it may be paid, stored.
        public let catalog: any Catalog
        /// The same in memory.
        public let cache: CatalogCache
        /// Turns buyers away in microseconds.
        public let gate: any Gate
        /// Makes orders durable.
        public let intake: any Intake
        /// The kinds of channels.
        public let channelKinds: [any PaymentChannelKind]
        /// The unwrapped keys.
        public let keys: KeyRing
        /// Tells those who watch an order.
        public let watch: OrderWatch
        /// Makes identifiers.
        public let identifiers: IdentifierMaker
        /// Tells the time.
        public let clock: any Clock
        /// Every bound.
        public let limits: Limits

        /// Puts the ports together.
        public init(
            ledger: any Ledger, catalog: any Catalog, cache: CatalogCache, gate: any Gate, intake: any Intake,
            channelKinds: [any PaymentChannelKind], keys: KeyRing, watch: OrderWatch, identifiers: IdentifierMaker,
            clock: any Clock, limits: Limits
        ) {
            self.ledger = ledger
            self.catalog = catalog
            self.cache = cache
            self.gate = gate
            self.intake = intake
            self.channelKinds = channelKinds
            self.keys = keys
            self.watch = watch
            self.identifiers = identifiers
            self.clock = clock
            self.limits = limits
        }
    }

    /// Builds the use cases.
    public init(_ ports: Ports) {
        placeOrder = PlaceOrder(
            catalog: ports.cache, gate: ports.gate, intake: ports.intake, keys: ports.keys,
            identifiers: ports.identifiers, clock: ports.clock)
        readOrder = ReadOrder(ledger: ports.ledger, keys: ports.keys)
        cancelOrder = CancelOrder(ledger: ports.ledger, gate: ports.gate, watch: ports.watch, clock: ports.clock)
        beginPayment = BeginPayment(
            ledger: ports.ledger, catalog: ports.cache, identifiers: ports.identifiers, clock: ports.clock)
        receiveCallback = ReceiveCallback(
            ledger: ports.ledger, catalog: ports.cache, gate: ports.gate, watch: ports.watch, clock: ports.clock,
            limits: ports.limits)
        paySandboxOrder = PaySandboxOrder(
            ledger: ports.ledger, catalog: ports.cache, beginPayment: beginPayment, receiveCallback: receiveCallback)
        lookUpOrders = LookUpOrders(ledger: ports.ledger, keys: ports.keys, limits: ports.limits)
        createProduct = CreateProduct(catalog: ports.catalog, cache: ports.cache)
        importCards = ImportCards(
            catalog: ports.catalog, cache: ports.cache, gate: ports.gate, keys: ports.keys, clock: ports.clock,
            limits: ports.limits)
        configureChannel = ConfigureChannel(
            catalog: ports.catalog, cache: ports.cache, kinds: ports.channelKinds, keys: ports.keys,
            limits: ports.limits)
        openGate = OpenGate(ledger: ports.ledger, gate: ports.gate, clock: ports.clock, limits: ports.limits)
    }
}
