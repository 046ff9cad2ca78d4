/// Where a refund case stands. The raw values are those of the database and the API.
public enum RefundState: String, CaseIterable, Sendable {
    /// Money came in that nothing was delivered for; the owner must decide.
    case open
    /// The owner has decided to give it back. Written before the provider is asked, so that the intent survives a
    /// crash.
    case requested
    /// It was given back.
    case done
}

/// What can happen to a refund case.
public enum RefundEvent: CaseIterable, Sendable {
    /// The owner decides to give the money back.
    case request
    /// It was given back.
    case finish
}

extension RefundState {
    /// The state after an event; nil when the event is illegal in this state.
    public func after(_ event: RefundEvent) -> RefundState? {
        switch (self, event) {
        case (.open, .request): .requested
        case (.requested, .finish): .done
        case (.open, .finish), (.requested, .request), (.done, _): nil
        }
    }
}
