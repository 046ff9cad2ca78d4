import Dispatch
import Foundation
import NIOCore
import Synchronization

/// Buyers on connections of their own, who all order at the same moment. Costs next to nothing itself: bytes are
/// changed in place, and each buyer makes one call to send and one to receive.
final class Crowd: Sendable {
    /// Buyers, and so orders under way at a time.
    static let size = 64

    private struct State: Sendable {
        var sockets: [CInt] = []
        var request: [UInt8]
        var answer = [UInt8](repeating: 0, count: 4096)
        /// Bytes of an answer, which are the same every time.
        var answerLength = 0
        var buyers = 0
    }

    private let state: Mutex<State>
    private let digits: Range<Int>
    private let status: [UInt8]
    private let eventLoop: any EventLoop
    private let isHeld = DispatchSemaphore(value: 0)
    private let mayGoOn = DispatchSemaphore(value: 0)

    init(port: UInt16, slug: String, status: Int, eventLoop: any EventLoop) throws {
        let before = "{\"product\":\"\(slug)\",\"quantity\":1,\"contact\":\""
        let after = "@example.com\",\"channel\":\"sandbox\"}"
        let head =
            "POST /api/v1/orders HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\nContent-Type: application/json\r\n"
            + "Content-Length: \(before.utf8.count + 8 + after.utf8.count)\r\n\r\n"
        let start = head.utf8.count + before.utf8.count
        digits = start..<start + 8
        self.status = Array("HTTP/1.1 \(status) ".utf8)
        self.eventLoop = eventLoop
        state = Mutex(State(request: Array((head + before + "00000000" + after).utf8)))
        try state.withLock { state in
            for _ in 0..<Self.size { state.sockets.append(try Self.connect(port)) }
        }
    }

    private static func connect(_ port: UInt16) throws -> CInt {
        let socket = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let result = withUnsafeBytes(of: &address) { bytes in
            bytes.withMemoryRebound(to: sockaddr.self) { bytes in
                Glibc.connect(socket, bytes.baseAddress, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard socket >= 0, result == 0 else { throw CaseError(description: "cannot connect: \(errno)") }
        // An answer that never comes fails the case.
        var patience = timeval(tv_sec: 120, tv_usec: 0)
        setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        var one: CInt = 1
        setsockopt(socket, CInt(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<CInt>.size))
        return socket
    }

    func close() {
        state.withLock { state in
            for socket in state.sockets { _ = Glibc.close(socket) }
            state.sockets = []
        }
    }

    /// One order of each buyer. The event loop is held until all are sent, so that it finds them at once, and the round
    /// is the same work every time.
    func run() throws {
        try state.withLock { state in
            eventLoop.execute { [isHeld, mayGoOn] in
                isHeld.signal()
                mayGoOn.wait()
            }
            isHeld.wait()
            do {
                defer { mayGoOn.signal() }
                for socket in state.sockets { try order(&state, socket) }
            }
            for socket in state.sockets { try receive(&state, socket) }
        }
    }

    private func order(_ state: inout State, _ socket: CInt) throws {
        var number = BuyerNumbers.scattered(state.buyers)
        state.buyers += 1
        for index in digits {
            let digit = UInt8(number & 15)
            state.request[index] = digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10
            number >>= 4
        }
        let count = state.request.count
        let sent = state.request.withUnsafeBytes { send(socket, $0.baseAddress, count, CInt(MSG_NOSIGNAL)) }
        guard sent == count else { throw CaseError(description: "cannot send: \(errno)") }
    }

    private func receive(_ state: inout State, _ socket: CInt) throws {
        let isKnown = state.answerLength > 0
        let expected = isKnown ? state.answerLength : state.answer.count
        let flags = isKnown ? CInt(MSG_WAITALL) : 0
        let received = state.answer.withUnsafeMutableBytes { recv(socket, $0.baseAddress, expected, flags) }
        guard received > 0, !isKnown || received == expected, state.answer.starts(with: status) else {
            let text = String(decoding: state.answer.prefix(max(0, received)), as: UTF8.self)
            throw CaseError(description: "not the answer that was expected (\(received), \(errno)): \(text)")
        }
        // The first answer came whole: it is one small write on loopback.
        state.answerLength = received
    }
}
