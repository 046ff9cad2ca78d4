public import Domain
public import HTTPTypes
public import Logging
public import NIOCore

/// An operation that can be answered without a task: on the event loop of the connection, or by a callback.
///
/// It says the same to whoever asks, so that a route and a ``HotRouteHandler`` can share it.
public protocol HotEndpoint: Sendable {
    /// What became of a request.
    associatedtype Outcome: Sendable

    /// The path, without a query. The method is POST.
    var path: String { get }
    /// What a body may have.
    var maximumBytes: Int { get }
    /// What became of a request whose body is longer.
    var tooLarge: Outcome { get }

    /// The time of the shop's clock.
    func now() -> Timestamp

    /// Refuses a request before its body is read; nil lets it in.
    func refusal(of head: HTTPRequest, from peer: PeerAddress) -> Outcome?

    /// Does the work. `reply` is called exactly once, at once or later, on any thread.
    func run(_ head: HTTPRequest, body: ByteBuffer, reply: @escaping @Sendable (Outcome) -> Void)

    /// Counts an outcome, and logs it if it is a fault. Called once a request, also when nobody is left to hear the
    /// answer.
    func note(_ outcome: Outcome, logger: @autoclosure () -> Logger)

    /// Appends the answer to a request as HTTP/1.1 has it; returns whether the connection ends with it.
    func write(_ outcome: Outcome, date: String, to buffer: inout ByteBuffer) -> Bool
}
