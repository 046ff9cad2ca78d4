import Domain
import Foundation
public import Logging
import NIOCore
import WebSupport

/// Writes a JSON object a line to standard error.
public struct JSONLogHandler: LogHandler {
    public var logLevel = Logger.Level.info
    public var metadata: Logger.Metadata = [:]
    private let label: String

    /// - Parameter label: the logger's name
    public init(label: String) { self.label = label }

    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    public func log(event: LogEvent) {
        let all = metadata.merging(event.metadata ?? [:]) { _, given in given }
        var line = JSONWriter.object { json in
            json.time("time", SystemClock().now())
            json.string("level", event.level.rawValue)
            json.string("logger", label)
            json.string("message", event.message.description)
            for (key, value) in all.sorted(by: { $0.key < $1.key }) {
                json.string(key == "hb.request.id" ? "request_id" : key, "\(value)")
            }
        }
        line.writeString("\n")
        // A log that cannot be written must not stop the shop.
        try? FileHandle.standardError.write(contentsOf: Data(line.readableBytesView))
    }
}
