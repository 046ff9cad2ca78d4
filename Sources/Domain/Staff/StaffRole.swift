/// Something that a member of the staff may be allowed to do. Every page and action of the back office asks for one.
public enum StaffRight: String, CaseIterable, Sendable {
    /// Look at orders, stock, the catalog, figures and the owner's journal; no secret among them.
    case read
    /// Change products, categories, coupons, announcements and pictures.
    case changeCatalog = "change_catalog"
    /// Add cards, take batches out again, void and replace cards.
    case importCards = "import_cards"
    /// See and export the secrets of cards, and what buyers filled in.
    case seeSecrets = "see_secrets"
    /// Confirm, fulfil and cancel orders, judge payments anew, and keep the blacklist.
    case changeOrders = "change_orders"
    /// Give money back.
    case refund
    /// Change the ways to pay.
    case changeChannels = "change_channels"
    /// Change the shop's settings.
    case changeSettings = "change_settings"
    /// Make, change and disable members of the staff.
    case manageStaff = "manage_staff"
    /// Make backups and download them.
    case backUp = "back_up"
    /// Rehearse a sale.
    case drill
}

/// What a member of the staff is. The raw values are stored.
public enum StaffRole: String, CaseIterable, Sendable {
    /// Everything.
    case owner
    /// The daily work; neither money that leaves, nor secrets, nor what changes the shop itself.
    case staff
    /// Looking only.
    case reader = "read_only"

    /// The one table of who may do what.
    public var rights: Set<StaffRight> {
        switch self {
        case .owner: Set(StaffRight.allCases)
        case .staff: [.read, .changeCatalog, .importCards, .changeOrders]
        case .reader: [.read]
        }
    }

    /// Whether the role may do it.
    public func may(_ right: StaffRight) -> Bool { rights.contains(right) }
}
