import Dispatch
import Foundation
import OrderCases
import Synchronization

/// Runs one case so many times, for a tool that counts instructions from outside:
///
///     OrderCost <folder> <case> <rounds> <rounds to prepare for>
///
/// All that is prepared depends on the last number alone, so that two runs which differ in the third only differ by the
/// rounds themselves. Without arguments it prints the cases and the orders in one round of each.
@main
enum OrderCost {
    /// Rounds before the first that counts: caches are filled, and statements prepared.
    private static let warmUp = 5

    static func main() {
        let arguments = Array(CommandLine.arguments.dropFirst())
        if arguments.isEmpty {
            let lines = OrderCase.all.map { "\($0.orders)\t\($0.name)\n" }.joined()
            try? FileHandle.standardOutput.write(contentsOf: Data(lines.utf8))
            return
        }
        guard arguments.count == 4, let order = OrderCase.named(arguments[1]), let rounds = Int(arguments[2]),
            let prepared = Int(arguments[3]), rounds <= prepared
        else { fail("usage: OrderCost <folder> <case> <rounds> <rounds to prepare for>") }
        do {
            let work = try open(order, folder: arguments[0], rounds: warmUp + prepared)
            for _ in 0..<warmUp + rounds { try work.run() }
        } catch {
            fail("\(order.name): \(error)")
        }
        // Nothing is closed: how long that takes depends on what was done.
        _exit(0)
    }

    /// The rounds block their thread, so they run on the main one and not on Swift's pool.
    private static func open(_ order: OrderCase, folder: String, rounds: Int) throws -> any Rounds {
        let opened = Opened()
        let isOpen = DispatchSemaphore(value: 0)
        Task {
            do {
                let work = try await order.open(folder: folder, rounds: rounds)
                opened.result.withLock { $0 = .success(work) }
            } catch {
                opened.result.withLock { $0 = .failure(error) }
            }
            isOpen.signal()
        }
        isOpen.wait()
        guard let work = try opened.result.withLock({ try $0?.get() }) else { fail("nothing was opened") }
        return work
    }

    private final class Opened: Sendable {
        let result = Mutex<Result<any Rounds, any Error>?>(nil)
    }

    private static func fail(_ message: String) -> Never {
        try? FileHandle.standardError.write(contentsOf: Data("OrderCost: \(message)\n".utf8))
        exit(1)
    }
}
