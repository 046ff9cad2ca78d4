/// The API's description, compiled in, so that the binary needs no file beside it.
enum OpenAPIDocument {
    static let bytes = PackageResources.openapi_yaml
}
