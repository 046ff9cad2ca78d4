import AsyncHTTPClient
public import Domain
import NIOConcurrencyHelpers
import NIOCore
import NIOHTTP1
import NIOPosix
public import Shop

/// Calls providers over HTTP: bounded in time and size, no redirects, TLS verified.
public final class HTTPProviderCaller: ProviderCaller {
    private struct State {
        var client: HTTPClient?
        var isClosed = false
    }

    private let limits: Limits
    private let state = NIOLockedValueBox(State())

    /// Makes no client until it is used, since a client must be shut down.
    public init(limits: Limits) { self.limits = limits }

    private func client() throws(ShopError) -> HTTPClient {
        let client = state.withLockedValue { state -> HTTPClient? in
            if state.client == nil, !state.isClosed {
                state.client = HTTPClient(
                    eventLoopGroupProvider: .singleton, configuration: Self.configuration(limits))
            }
            return state.client
        }
        guard let client else { throw ShopError(.busy, "the shop is stopping") }
        return client
    }

    private static func configuration(_ limits: Limits) -> HTTPClient.Configuration {
        var configuration = HTTPClient.Configuration()
        // A provider that sends elsewhere would get the merchant's secret sent elsewhere.
        configuration.redirectConfiguration = .disallow
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 8
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.timeout = .init(
            connect: .seconds(limits.providerSeconds), read: .seconds(limits.providerSeconds))
        return configuration
    }

    public func call(_ request: ProviderRequest) async throws(ShopError) -> ProviderAnswer {
        var message = HTTPClientRequest(url: request.url)
        message.headers.add(name: "User-Agent", value: "sluice")
        if let form = request.form {
            message.method = .POST
            message.headers.add(name: "Content-Type", value: "application/x-www-form-urlencoded")
            message.body = .bytes(ByteBuffer(string: form))
        }
        let client = try client()
        do {
            return try await Self.answer(client, message, limits)
        } catch let error as HTTPClientError where error == .connectTimeout || error == .invalidURL {
            throw ShopError(.busy, "the provider cannot be reached")
        } catch is NIOConnectionError {
            throw ShopError(.busy, "the provider cannot be reached")
        } catch {
            // What went wrong is told by its type alone: a description may hold the address, and that a secret.
            throw ShopError(.outcomeUnknown, "no usable answer came", cause: "\(type(of: error))")
        }
    }

    /// The client's own time-out ends with the head, so a body that drips would hold the call for ever.
    private static func answer(
        _ client: HTTPClient, _ request: HTTPClientRequest, _ limits: Limits
    ) async throws -> ProviderAnswer {
        try await withThrowingTaskGroup(of: ProviderAnswer?.self) { group in
            group.addTask {
                let response = try await client.execute(request, timeout: .seconds(limits.providerSeconds))
                let body = try await response.body.collect(upTo: limits.providerAnswerBytes)
                return ProviderAnswer(status: Int(response.status.code), body: Array(body.readableBytesView))
            }
            group.addTask {
                try await Task.sleep(for: .seconds(limits.providerSeconds))
                return nil
            }
            defer { group.cancelAll() }
            guard let answer = try await group.next() ?? nil else { throw HTTPClientError.deadlineExceeded }
            return answer
        }
    }

    /// Closes what is open. Nothing may be called afterwards.
    public func close() async {
        let client = state.withLockedValue { state in
            state.isClosed = true
            defer { state.client = nil }
            return state.client
        }
        try? await client?.shutdown()
    }
}
