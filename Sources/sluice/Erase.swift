import ArgumentParser
import Server

/// Erases personal data of a stopped shop.
struct Erase: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Erase personal data of a stopped shop; the books stay.",
        discussion: "Backups made before still hold what is erased here.")

    @Option(help: "The folder of the shop.")
    var data: String

    @Option(help: "Erase everything of this buyer.")
    var contact: String?

    @Option(help: "Erase all settled orders that were placed more than so many days ago.")
    var olderThanDays: Int?

    func validate() throws {
        guard (contact == nil) != (olderThanDays == nil) else {
            throw ValidationError("Give either --contact or --older-than-days.")
        }
    }

    func run() async throws {
        await exitOnError {
            if let contact { try say(try Erasure.run(data: data, contact: contact)) }
            if let olderThanDays { try say(try Erasure.run(data: data, olderThanDays: olderThanDays)) }
        }
    }
}
