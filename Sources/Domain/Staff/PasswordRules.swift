/// What a password of the staff must be like.
public enum PasswordRules {
    /// Shortest and longest, in characters (Unicode scalars).
    public static let length = 10...200

    /// Why a password is not taken.
    public enum Fault: Hashable, Sendable {
        /// Shorter or longer than ``length``.
        case length
        /// The login name, or the name repeated or reversed.
        case isName
        /// One of those that are tried first.
        case isCommon
        /// The same few characters over and over.
        case isMonotonous
    }

    /// What is wrong with a password; nil when it may be used.
    public static func fault(_ password: String, of name: StaffName) -> Fault? {
        guard length.contains(password.unicodeScalars.count) else { return .length }
        let folded = password.lowercased()
        if isMade(folded, of: name.text) || isMade(folded, of: String(name.text.reversed())) { return .isName }
        if common.contains(folded) { return .isCommon }
        if Set(folded.unicodeScalars).count < 4 { return .isMonotonous }
        return nil
    }

    /// - Throws: *invalid_request* that names `field`, with a sentence that says what is wrong.
    public static func check(
        _ password: String, of name: StaffName, field: String = "password"
    ) throws(ShopError) {
        switch fault(password, of: name) {
        case nil: return
        case .length:
            throw .invalid(field, "must have \(length.lowerBound) to \(length.upperBound) characters")
        case .isName: throw .invalid(field, "must not be the login name")
        case .isCommon: throw .invalid(field, "is one of the most common passwords")
        case .isMonotonous: throw .invalid(field, "must have at least 4 different characters")
        }
    }

    private static func isMade(_ password: String, of name: String) -> Bool {
        var built = name
        while built.utf8.count < password.utf8.count { built += name }
        return built == password
    }

    /// The most common ones of 10 characters and more, in lower case; shorter ones are refused by their length.
    private static let common: Set<String> = [
        "1234567890", "12345678910", "123456789a", "a123456789", "0123456789", "9876543210", "0987654321",
        "1234554321", "1q2w3e4r5t", "1q2w3e4r5t6y", "1qaz2wsx3edc", "qwertyuiop", "qwerty123456", "qwerty12345",
        "qwerty1234", "asdfghjkl1", "zxcvbnm123", "password12", "password123", "password1234", "password12345",
        "password01", "passw0rd123", "passwordpassword", "p@ssw0rd123", "p@ssword123", "admin12345", "admin123456",
        "admin1234567", "administrator", "adminadmin", "adminadminadmin", "root123456", "toor123456", "letmein123",
        "welcome123", "welcome1234", "iloveyou12", "iloveyou123", "woaini1314", "woaini1314520", "woaini520",
        "5201314520", "1314520520", "woaini123456", "abc1234567", "abcd123456", "abcd12345678", "abcdefghij",
        "abcdef1234", "a1b2c3d4e5", "a1234567890", "q123456789", "qq123456789", "changeme123", "changemenow",
        "correcthorsebatterystaple", "monkey12345", "dragon12345", "football123", "baseball123", "sunshine123",
        "princess123", "superman123", "trustno1234", "test123456", "testtest123", "guest12345", "master12345",
        "shop123456", "sluice1234", "sluice12345", "sluicesluice", "internet123", "computer123",
    ]
}
