import Domain
import Foundation

/// What blocks, on a thread of its own.
enum Blocking {
    static func run<Value: Sendable>(
        _ body: @escaping @Sendable () throws(ShopError) -> Value
    ) async throws(ShopError) -> Value {
        typealias Continuation = CheckedContinuation<Result<Value, ShopError>, Never>
        let result = await withCheckedContinuation { (continuation: Continuation) in
            Thread.detachNewThread {
                do throws(ShopError) {
                    continuation.resume(returning: .success(try body()))
                } catch {
                    continuation.resume(returning: .failure(error))
                }
            }
        }
        return try result.get()
    }
}
