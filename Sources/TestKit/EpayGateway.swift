import AsyncHTTPClient
import ChildProcess
import Foundation
import NIOCore
import NIOHTTP1

/// An epay gateway in a process of its own: PHP's built-in server with `Tests/Scripts/epay_gateway.php`, on a port of
/// its own, with its orders in a folder of its own. It calls nobody.
public final class EpayGateway: Sendable {
    /// The number of its only merchant.
    public static let merchant = "1001"
    /// That merchant's key. Nothing else has these letters, so that a test can look for them.
    public static let key = "TESTONLYgatewaykey0000000000000B"

    /// Its base address.
    public let url: String
    private let process: ChildProcess
    private let folder: URL

    /// Starts a gateway and waits until it answers.
    ///
    /// - Parameter refunds: false makes it refuse refunds
    /// - Throws: ``ShopProcess/DidNotStart`` when it ends instead.
    public init(refunds: Bool = true) async throws {
        let folder = try ShopProcess.makeFolder()
        do {
            let port = try Self.freePort()
            process = try await Self.start(port, folder: folder, refunds: refunds)
            url = "http://127.0.0.1:\(port)"
            self.folder = folder
        } catch {
            try? FileManager.default.removeItem(at: folder)
            throw error
        }
        do {
            _ = try await get("\(url)/")
        } catch {
            await stop()
            throw error
        }
    }

    /// The settings of a channel that pays through this gateway.
    ///
    /// - Parameter refunds: the setting of that name; left out when nil
    public func settings(refunds: String? = "on") -> [String: String] {
        var settings = ["gateway": url, "pid": Self.merchant, "key": Self.key]
        settings["refunds"] = refunds
        return settings
    }

    // MARK: Starting and stopping

    private static var script: URL {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("Tests/Scripts/epay_gateway.php")
    }

    /// A port that the system has just handed out. Nothing keeps it, but the system hands out others first.
    private static func freePort() throws -> UInt16 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        try expect(descriptor >= 0, "a socket")
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 ? getsockname(descriptor, $0, &length) : -1
            }
        }
        try expect(result == 0, "a free port")
        return UInt16(bigEndian: address.sin_port)
    }

    private static func start(_ port: UInt16, folder: URL, refunds: Bool) async throws -> ChildProcess {
        // `env` finds the program and becomes it, so that the number is that of PHP.
        let environment = [
            "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin",
            "EPAY_PID": merchant, "EPAY_KEY": key, "EPAY_STATE": folder.path, "EPAY_REFUNDS": refunds ? "on" : "off",
        ]
        let errors = Pipe()
        let process = try ChildProcess(
            ChildProcess.Command(
                "/usr/bin/env", ["php", "-S", "127.0.0.1:\(port)", script.path], environment: environment,
                errors: .pipe(errors)))
        let reader = errors.fileHandleForReading
        let log = await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                continuation.resume(returning: Self.log(of: reader))
                // The rest must be read as well, or it would wait for room.
                while let data = try? reader.read(upToCount: 4096), !data.isEmpty {}
            }
        }
        guard log.hasSuffix(startedWord) else {
            throw ShopProcess.DidNotStart(log: log, status: await ended(process))
        }
        return process
    }

    /// How the line ends that PHP writes once it listens.
    private static let startedWord = " started\n"

    /// What is said up to the line that tells of the start, or up to the end.
    private static func log(of handle: FileHandle) -> String {
        var log: [UInt8] = []
        while let byte = try? handle.read(upToCount: 1)?.first {
            log.append(byte)
            if byte == UInt8(ascii: "\n"), log.reversed().starts(with: startedWord.utf8.reversed()) { break }
        }
        return String(decoding: log, as: UTF8.self)
    }

    @discardableResult
    private static func ended(_ process: ChildProcess) async -> Int32 {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread { continuation.resume(returning: process.waitUntilExit().status) }
        }
    }

    /// Ends it at once and removes its folder. A second call does nothing.
    public func stop() async {
        process.signal(SIGKILL)
        await Self.ended(process)
        try? FileManager.default.removeItem(at: folder)
    }

    // MARK: Asking

    /// Goes where a buyer's browser is sent; returns `ok TRADE_NO` or `error REASON`.
    public func submit(_ url: String) async throws -> String { try await get(url) }

    /// Marks an order paid and tells nobody; returns the signed query of the notice that it could send.
    public func pay(outTradeNo: String) async throws -> String {
        let notice = try await get("\(url)/control/pay?out_trade_no=\(outTradeNo)")
        try expect(!notice.hasPrefix("error "), "paying at the gateway: \(notice)")
        return notice
    }

    /// How an order stands, as the gateway answers its merchant: `status` is `0` unpaid, `1` paid, `2` refunded.
    public func order(outTradeNo: String) async throws -> Answer {
        let query = "act=order&pid=\(Self.merchant)&key=\(Self.key)&out_trade_no=\(outTradeNo)"
        return Answer(
            status: 200, headers: [:], body: try await get("\(url)/api.php?\(query)"))
    }

    private func get(_ address: String) async throws -> String {
        let response = try await HTTPClient.shared.execute(HTTPClientRequest(url: address), timeout: .seconds(30))
        let body = String(buffer: try await response.body.collect(upTo: 1 << 20))
        try expect(response.status == .ok, "the gateway answered \(response.status): \(body)")
        return body
    }
}
