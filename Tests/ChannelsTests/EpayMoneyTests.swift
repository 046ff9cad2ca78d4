import Domain
import Testing

@testable import Channels

@Suite("Epay amounts")
struct EpayMoneyTests {
    @Test(
        "texts of amounts are read exactly",
        arguments: [
            ("19.9", 1990), ("19.90", 1990), ("19", 1900), ("1990", 199_000), ("0.01", 1), ("0.1", 10), ("0", 0),
            ("0.00", 0), ("1", 100), ("88.8", 8880), ("10000000000", 1_000_000_000_000),
            ("9999999999.99", 999_999_999_999),
        ] as [(String, Int64)])
    func reads(text: String, fen: Int64) {
        #expect(EpayMoney.read(text) == EpayFixtures.money(fen))
    }

    @Test(
        "other texts are refused",
        arguments: [
            "", " ", ".", "1e2", "1E2", "+1", "-1", " 1", "1 ", "1\n", "19.899", "19.900", "19.", ".5", "019.9", "00",
            "00.1", "1,00", "1.0.0", "1..0", "0x10", "1_000", "¥1", "１", "١", "1\u{301}", "1.\u{661}", "NaN", "inf",
            "1.-1", "1.+1", "10000000000.01", "92233720368547758.07", "92233720368547758.08", "18446744073709551617",
            "99999999999999999999999999999999",
        ])
    func refuses(text: String) {
        #expect(EpayMoney.read(text) == nil)
    }

    @Test(
        "amounts are written with two decimals",
        arguments: [
            (1990, "19.90"), (1, "0.01"), (10, "0.10"), (100, "1.00"), (109, "1.09"), (0, "0.00"),
            (1_000_000_000_000, "10000000000.00"),
        ] as [(Int64, String)])
    func writes(fen: Int64, text: String) {
        #expect(EpayMoney.text(EpayFixtures.money(fen)) == text)
        #expect(EpayMoney.read(text) == EpayFixtures.money(fen))
    }
}
