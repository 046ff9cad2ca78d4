import Domain

/// Decides when the write-ahead log is copied into the file, and when low-priority writes and long readers wait for
/// it. Event in, action out.
///
/// The log can be started anew only when all of it is copied and nobody reads an older state. Long readers (an audit,
/// a backup) pin it; under many writes it would grow as long as one of them follows the other.
struct CheckpointMachine: Hashable, Sendable {
    /// What the shell must do.
    enum Action: Hashable, Sendable {
        /// Wait for the next commit.
        case wait
        /// Copy what can be copied without hindering anybody.
        case copy
        /// Copy, then try to start the log anew; for that, writers are kept out for a moment.
        case restart
        /// Nothing more can be copied at the moment: pause, then go on.
        case pause
    }

    private let copyFrames: Int
    private let pressureFrames: Int
    /// Frames in the log, as the last commit or checkpoint has told.
    private var frames = 0
    private var isPressed = false
    private var isBlocked = false

    /// Bytes of a page, and so of a frame.
    static let pageBytes = 4096

    init(limits: Limits) {
        copyFrames = limits.checkpointLogBytes / Self.pageBytes
        pressureFrames = limits.patientLogBytes / Self.pageBytes
    }

    /// Whether low-priority writes and long readers must wait.
    var holdsPatient: Bool { isPressed }

    mutating func committed(frames: Int) {
        self.frames = frames
        if frames > pressureFrames { isPressed = true }
        if frames < copyFrames { isPressed = false }
    }

    /// - Parameters:
    ///   - log: frames in the log
    ///   - copied: how many of them are in the file
    mutating func checkpointed(log: Int, copied: Int) {
        frames = log
        isBlocked = copied < log || isPressed
        // All of it is copied: the next commit starts the log anew unless somebody reads it, and counts from one.
        if copied == log, !isPressed { frames = 0 }
    }

    /// The log is empty.
    mutating func restarted() {
        frames = 0
        isPressed = false
        isBlocked = false
    }

    /// Called by the shell in a loop. ``Action/pause`` is given once after a checkpoint that could not do all.
    mutating func next() -> Action {
        guard frames >= copyFrames || isPressed else { return .wait }
        if isBlocked {
            isBlocked = false
            return .pause
        }
        return isPressed ? .restart : .copy
    }
}
