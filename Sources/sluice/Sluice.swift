import ArgumentParser

/// The command line.
@main
struct Sluice: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sluice", abstract: "Sells digital keys and delivers them the moment they are paid for.",
        subcommands: [
            Serve.self, Audit.self, Backup.self, Restore.self, RotateKey.self, RotateAdminToken.self, Erase.self,
            DrillCommand.self, Owner.self,
        ])
}
