import CSpawn
import Dispatch
public import Foundation
import NIOConcurrencyHelpers

/// A program that runs beside this one, started by `posix_spawn`.
///
/// In the place of Foundation's `Process`, which on Linux reads past the end of a buffer each time it starts something
/// (`findMaximumOpenFromProcSelfFD` copies whole directory entries of which the last ones are shorter): seen by the
/// address sanitizer, and once by a crash.
public final class ChildProcess: Sendable {
    /// Where a stream of the program leads.
    public enum Stream {
        /// To nothing.
        case null
        /// Where this process's own leads.
        case inherited
        /// To an open file, which stays open here.
        case file(FileHandle)
        /// To this end of a pipe; the program's end is closed here.
        case pipe(Pipe)
    }

    /// What is to be run.
    public struct Command {
        /// The program's full path.
        public var executable: String
        /// What it is told.
        public var arguments: [String]
        /// Its whole environment; nil for this process's own.
        public var environment: [String: String]?
        /// Where it runs; nil for where this process does.
        public var folder: String?
        /// What it reads.
        public var input = Stream.null
        /// What it says.
        public var output = Stream.null
        /// What it complains of.
        public var errors = Stream.null

        /// Puts the parts together.
        public init(
            _ executable: String, _ arguments: [String] = [], environment: [String: String]? = nil,
            folder: String? = nil, input: Stream = .null, output: Stream = .null, errors: Stream = .null
        ) {
            self.executable = executable
            self.arguments = arguments
            self.environment = environment
            self.folder = folder
            self.input = input
            self.output = output
            self.errors = errors
        }
    }

    /// How a program ended.
    public enum Ending: Hashable, Sendable {
        /// By itself, with that status.
        case exit(Int32)
        /// By that signal.
        case signal(Int32)

        /// The exit status; of one that was ended by a signal, that signal with a minus.
        public var status: Int32 {
            switch self {
            case .exit(let status): status
            case .signal(let number): -number
            }
        }
    }

    /// Why a program did not start.
    public struct DidNotStart: Error, CustomStringConvertible {
        /// In a sentence.
        public let description: String
    }

    /// The process's number.
    public let id: Int32
    private let end = End()

    /// Starts it.
    ///
    /// - Throws: ``DidNotStart``
    public init(_ command: Command) throws {
        id = try Self.spawn(command)
        for stream in [command.output, command.errors] {
            if case .pipe(let pipe) = stream { try? pipe.fileHandleForWriting.close() }
        }
        if case .pipe(let pipe) = command.input { try? pipe.fileHandleForReading.close() }
        Thread.detachNewThread { [id, end] in end.await(id) }
    }

    /// Whether it has not ended.
    public var isRunning: Bool { end.ending == nil }

    /// Sends a signal. Does nothing once it has ended, whoever has its number then.
    public func signal(_ number: Int32) { end.ifRunning { kill(id, number) } }

    /// Blocks until it has ended.
    @discardableResult
    public func waitUntilExit() -> Ending { end.wait() }

    // MARK: Starting

    private static func spawn(_ command: Command) throws -> Int32 {
        var (actions, attributes) = (posix_spawn_file_actions_t(), posix_spawnattr_t())
        posix_spawn_file_actions_init(&actions)
        posix_spawnattr_init(&attributes)
        defer {
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
        }
        setSignals(&attributes)
        if let folder = command.folder { posix_spawn_file_actions_addchdir_np(&actions, folder) }
        direct(command.input, to: 0, O_RDONLY, &actions)
        direct(command.output, to: 1, O_WRONLY, &actions)
        direct(command.errors, to: 2, O_WRONLY, &actions)
        // Nothing else of this process is the program's business, and an end of a pipe would keep it open.
        posix_spawn_file_actions_addclosefrom_np(&actions, 3)
        let environment = command.environment ?? ProcessInfo.processInfo.environment
        let arguments = ([command.executable] + command.arguments).map { strdup($0) } + [nil]
        let variables = environment.map { strdup("\($0)=\($1)") } + [nil]
        defer { for text in arguments + variables { free(text) } }
        var id: Int32 = 0
        let code = posix_spawn(&id, command.executable, &actions, &attributes, arguments, variables)
        guard code == 0 else {
            throw DidNotStart(description: "\(command.executable) did not start: \(String(cString: strerror(code)))")
        }
        return id
    }

    /// All signals as a program expects them, whatever this process ignores or blocks.
    private static func setSignals(_ attributes: inout posix_spawnattr_t) {
        var (none, all) = (sigset_t(), sigset_t())
        sigemptyset(&none)
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
    }

    private static func direct(
        _ stream: Stream, to descriptor: Int32, _ mode: Int32, _ actions: inout posix_spawn_file_actions_t
    ) {
        switch stream {
        case .null: posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", mode, 0)
        case .inherited: posix_spawn_file_actions_adddup2(&actions, descriptor, descriptor)
        case .file(let file): posix_spawn_file_actions_adddup2(&actions, file.fileDescriptor, descriptor)
        case .pipe(let pipe):
            let end = mode == O_RDONLY ? pipe.fileHandleForReading : pipe.fileHandleForWriting
            posix_spawn_file_actions_adddup2(&actions, end.fileDescriptor, descriptor)
        }
    }
}

/// How a program ended, told to all who wait. The number is freed under the same lock that signals are sent under.
private final class End: Sendable {
    private let group = DispatchGroup()
    private let known = NIOLockedValueBox<ChildProcess.Ending?>(nil)

    init() { group.enter() }

    var ending: ChildProcess.Ending? { known.withLockedValue { $0 } }

    func await(_ id: Int32) {
        var information = siginfo_t()
        // The process stays until it is reaped below, and its number with it.
        while waitid(P_PID, id_t(id), &information, WEXITED | WNOWAIT) != 0, errno == EINTR {}
        known.withLockedValue { $0 = Self.reap(id) }
        group.leave()
    }

    private static func reap(_ id: Int32) -> ChildProcess.Ending {
        var status: Int32 = 0
        while waitpid(id, &status, 0) < 0, errno == EINTR {}
        return status & 0x7F == 0 ? .exit(status >> 8 & 0xFF) : .signal(status & 0x7F)
    }

    func ifRunning(_ body: () -> Void) { known.withLockedValue { if $0 == nil { body() } } }

    func wait() -> ChildProcess.Ending {
        group.wait()
        return ending ?? .exit(-1)
    }
}
