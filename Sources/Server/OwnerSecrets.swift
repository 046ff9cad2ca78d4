import Configuration

/// The secrets that the owner gives to a command by the environment.
public struct OwnerSecrets: Sendable {
    /// Bearer token of the admin API.
    public var adminToken: String?
    /// The master key, 32 bytes in base64.
    public var masterKey: String?
    /// The master key that takes its place, 32 bytes in base64.
    public var newMasterKey: String?

    /// Reads `SLUICE_ADMIN_TOKEN`, `SLUICE_MASTER_KEY` and `SLUICE_NEW_MASTER_KEY`.
    public static func fromEnvironment() -> OwnerSecrets {
        let reader = ConfigReader(
            provider: EnvironmentVariablesProvider(
                secretsSpecifier: .specific(["SLUICE_ADMIN_TOKEN", "SLUICE_MASTER_KEY", "SLUICE_NEW_MASTER_KEY"])))
        return OwnerSecrets(
            adminToken: reader.string(forKey: "sluice.admin.token", isSecret: true),
            masterKey: reader.string(forKey: "sluice.master.key", isSecret: true),
            newMasterKey: reader.string(forKey: "sluice.new.master.key", isSecret: true))
    }
}
