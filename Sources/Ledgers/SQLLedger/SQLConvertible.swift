package import Domain

/// Something that is written as one value of SQL, and read from one.
package protocol SQLConvertible {
    /// Nil when the value cannot be this.
    init?(_ value: SQLValue)
    /// The value that is written.
    var sqlValue: SQLValue { get }
}

extension Int64: SQLConvertible {
    package init?(_ value: SQLValue) {
        guard case .integer(let number) = value else { return nil }
        self = number
    }

    package var sqlValue: SQLValue { .integer(self) }
}

extension Int: SQLConvertible {
    package init?(_ value: SQLValue) {
        guard case .integer(let number) = value else { return nil }
        self.init(exactly: number)
    }

    package var sqlValue: SQLValue { .integer(Int64(self)) }
}

extension UInt32: SQLConvertible {
    package init?(_ value: SQLValue) {
        guard case .integer(let number) = value else { return nil }
        self.init(exactly: number)
    }

    package var sqlValue: SQLValue { .integer(Int64(self)) }
}

extension Bool: SQLConvertible {
    package init?(_ value: SQLValue) {
        guard case .integer(let number) = value else { return nil }
        self = number != 0
    }

    package var sqlValue: SQLValue { .integer(self ? 1 : 0) }
}

extension String: SQLConvertible {
    package init?(_ value: SQLValue) {
        guard case .text(let text) = value else { return nil }
        self = text
    }

    package var sqlValue: SQLValue { .text(self) }
}

extension [UInt8]: SQLConvertible {
    package init?(_ value: SQLValue) {
        guard case .bytes(let bytes) = value else { return nil }
        self = bytes
    }

    package var sqlValue: SQLValue { .bytes(self) }
}

extension Identifier: SQLConvertible {
    package init?(_ value: SQLValue) {
        guard case .bytes(let bytes) = value else { return nil }
        self.init(bytes: bytes)
    }

    package var sqlValue: SQLValue { .bytes(bytes) }
}

extension Timestamp: SQLConvertible {
    package init?(_ value: SQLValue) {
        guard case .integer(let milliseconds) = value else { return nil }
        self.init(milliseconds: milliseconds)
    }

    package var sqlValue: SQLValue { .integer(milliseconds) }
}

// MARK: Words

/// A type whose raw values are the ledger's words.
package protocol SQLWord: SQLConvertible, RawRepresentable<String> {}

extension SQLWord {
    package init?(_ value: SQLValue) {
        guard case .text(let text) = value else { return nil }
        self.init(rawValue: text)
    }

    package var sqlValue: SQLValue { .text(rawValue) }
}

extension CardState: SQLWord {}
extension LateMoney: SQLWord {}
extension OrderEvent: SQLWord {}
extension OrderState: SQLWord {}
extension PaymentNotice.Claim: SQLWord {}
extension PaymentResolution: SQLWord {}
extension PaymentVerdict: SQLWord {}
extension ProductKind: SQLWord {}
extension RefundState: SQLWord {}
extension StaffRole: SQLWord {}
extension StockDisplay: SQLWord {}

// MARK: Names

extension Slug: SQLConvertible {
    package init?(_ value: SQLValue) {
        guard case .text(let text) = value else { return nil }
        self.init(text)
    }

    package var sqlValue: SQLValue { .text(text) }
}

extension StaffName: SQLConvertible {
    package init?(_ value: SQLValue) {
        guard case .text(let text) = value else { return nil }
        self.init(text)
    }

    package var sqlValue: SQLValue { .text(text) }
}

extension OrderID: SQLConvertible {
    package init?(_ value: SQLValue) {
        guard let identifier = Identifier(value) else { return nil }
        self.init(identifier)
    }

    package var sqlValue: SQLValue { identifier.sqlValue }
}

extension AttemptID: SQLConvertible {
    package init?(_ value: SQLValue) {
        guard let identifier = Identifier(value) else { return nil }
        self.init(identifier)
    }

    package var sqlValue: SQLValue { identifier.sqlValue }
}

extension ProductID: SQLConvertible {
    package init?(_ value: SQLValue) {
        guard case .integer(let number) = value else { return nil }
        self.init(number)
    }

    package var sqlValue: SQLValue { .integer(number) }
}

extension CategoryID: SQLConvertible {
    package init?(_ value: SQLValue) {
        guard case .integer(let number) = value else { return nil }
        self.init(number)
    }

    package var sqlValue: SQLValue { .integer(number) }
}

extension CouponID: SQLConvertible {
    package init?(_ value: SQLValue) {
        guard case .integer(let number) = value else { return nil }
        self.init(number)
    }

    package var sqlValue: SQLValue { .integer(number) }
}
