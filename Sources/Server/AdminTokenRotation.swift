public import Domain
import NIOCore
import WebSupport

/// Replaces the admin token of a shop that is not running.
public enum AdminTokenRotation {
    /// Returns one line of JSON that says where the new token is.
    ///
    /// - Throws: *internal* when the token comes from the environment, or the shop is running.
    public static func run(data: String, secrets: OwnerSecrets) throws(ShopError) -> String {
        guard secrets.adminToken == nil else {
            throw ShopError(
                .internalFault,
                "SLUICE_ADMIN_TOKEN is set and rules over the file; change the variable and start the shop again")
        }
        let folder = try DataFolder.ofShop(data, whenInUse: "stop it first; it starts again in under a second")
        defer { folder.unlock() }
        try folder.replaceAdminToken()
        let json = JSONWriter.object { json in json.string("admin_token_file", folder.adminTokenPath) }
        return String(buffer: json)
    }
}
