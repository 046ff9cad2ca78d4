import ArgumentParser
import Server

/// Makes an owner's account, or lets an owner in who has lost their password.
struct Owner: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make an owner's account, or give a lost one a new one-time password.",
        discussion: """
            For a stopped shop, or, with the variables of a cluster, for a running one. An authenticator that was set \
            up is removed, and the password must be changed at the first log-in. It is printed this once.
            """)

    @Option(help: "The folder of the shop; not needed with the variables of a cluster.")
    var data: String?

    @Option(help: "The login name.")
    var name: String

    func run() async throws {
        await exitOnError { try say(try await OwnerAccount.run(data: data, name: name)) }
    }
}
