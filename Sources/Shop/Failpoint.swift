#if FAILPOINTS
import Foundation
import Synchronization
#endif

/// Named steps at which a test may kill the process or make a flush fail. Compiled into debug builds only.
///
/// `FAIL_AT=<step>:<n>` sends SIGKILL to the process when the step is reached for the n-th time;
/// `FAIL_AT=<step>:<n>:error` makes ``shouldFail(_:)`` answer true from then on.
public enum Failpoint {
    /// A step of placing, paying or ending an order.
    public enum Step: String, CaseIterable, Sendable {
        /// The gate let the order through; nothing is durable yet.
        case placeAdmitted = "place.admitted"
        /// All rows of the batch are written, not committed.
        case placeBeforeCommit = "place.before_commit"
        /// Committed and flushed; nobody has been told.
        case placeAfterCommit = "place.after_commit"
        /// The callback's signature was right; nothing is durable yet.
        case payVerified = "pay.verified"
        /// Payment, order and cards are written, not committed.
        case payBeforeCommit = "pay.before_commit"
        /// Committed and flushed; the provider has not been told.
        case payAfterCommit = "pay.after_commit"
        /// Ended holds are written, not committed.
        case expireBeforeCommit = "expire.before_commit"
        /// Ended holds are committed; the gate does not know.
        case expireAfterCommit = "expire.after_commit"
        /// A cancellation is written, not committed.
        case cancelBeforeCommit = "cancel.before_commit"
        /// A cancellation is committed; nobody has been told.
        case cancelAfterCommit = "cancel.after_commit"
        /// A slice of an import is written, not committed.
        case importBeforeCommit = "import.before_commit"
        /// A slice of an import is committed; the gate does not know.
        case importAfterCommit = "import.after_commit"
        /// A payment that is judged anew is written, not committed.
        case replayBeforeCommit = "replay.before_commit"
        /// A payment that was judged anew is committed; nobody has been told.
        case replayAfterCommit = "replay.after_commit"
        /// A slice of a batch is taken out, not committed.
        case undoBeforeCommit = "undo.before_commit"
        /// A slice of a batch that is taken out is committed; the gate does not know.
        case undoAfterCommit = "undo.after_commit"
        /// A refund's intent is committed; the provider has not been asked.
        case refundRequested = "refund.requested"
        /// The provider has been asked for a refund; its answer is not written.
        case refundAsked = "refund.asked"
        /// The keys that a new master key wraps are written, not committed.
        case rotateBeforeCommit = "rotate.before_commit"
        /// The keys that a new master key wraps are committed; its file has not taken its place.
        case rotateAfterCommit = "rotate.after_commit"
        /// The commit of any batch of writes.
        case flush
    }

    #if FAILPOINTS
    private struct Plan: Sendable {
        let step: String
        let count: Int
        let isError: Bool

        init?(_ text: String?) {
            guard let parts = text?.split(separator: ":"), parts.count >= 2, let count = Int(parts[1]) else {
                return nil
            }
            step = String(parts[0])
            self.count = count
            isError = parts.count > 2 && parts[2] == "error"
        }
    }

    private static let plan = Plan(ProcessInfo.processInfo.environment["FAIL_AT"])
    private static let reached = Mutex(0)

    private static func isDue(_ step: Step) -> Bool {
        guard let plan, plan.step == step.rawValue else { return false }
        return reached.withLock { count in
            count += 1
            return count == plan.count || plan.isError && count > plan.count
        }
    }

    /// Kills the process when the step is due.
    public static func hit(_ step: Step) {
        if isDue(step), plan?.isError == false { kill(getpid(), SIGKILL) }
    }

    /// Whether the step is to fail.
    public static func shouldFail(_ step: Step) -> Bool { plan?.isError == true && isDue(step) }
    #else
    /// Does nothing in a release build.
    @inlinable
    public static func hit(_ step: Step) {}

    /// False in a release build.
    @inlinable
    public static func shouldFail(_ step: Step) -> Bool { false }
    #endif
}
