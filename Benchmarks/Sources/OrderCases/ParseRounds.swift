import Foundation
import HTTPTypes
import NIOCore
import Shop
import WebAPI

/// Bodies that are read as orders.
struct ParseRounds: Rounds {
    private let orders: Int
    private let headers: HTTPFields = [.contentType: "application/json"]
    private let body = ByteBuffer(
        string: "{\"product\":\"game-key\",\"quantity\":1,\"contact\":\"9e3779b1@example.com\",\"channel\":\"sandbox\"}"
    )

    init(orders: Int) { self.orders = orders }

    func run() throws {
        for _ in 0..<orders {
            let order = try OrderEndpoint.orderRequest(headers, body)
            guard order.quantity == 1 else { throw CaseError(description: "not the order that was sent") }
        }
    }
}
