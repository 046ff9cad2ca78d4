import ChildProcess
import Foundation
import Testing

@Suite("Child process")
struct ChildProcessTests {
    /// What a shell says to a script.
    private func said(_ script: String, environment: [String: String]? = nil, folder: String? = nil) throws -> String {
        let output = Pipe()
        let process = try ChildProcess(
            ChildProcess.Command(
                "/bin/sh", ["-c", script], environment: environment, folder: folder, output: .pipe(output)))
        let said = output.fileHandleForReading.readDataToEndOfFile()
        #expect(process.waitUntilExit() == .exit(0))
        return String(decoding: said, as: UTF8.self)
    }

    @Test("an end by itself is told from an end by a signal")
    func endings() throws {
        let exited = try ChildProcess(ChildProcess.Command("/bin/sh", ["-c", "exit 7"]))
        #expect(exited.waitUntilExit() == .exit(7))
        let endless = try ChildProcess(ChildProcess.Command("/bin/sleep", ["3600"]))
        #expect(endless.isRunning)
        endless.signal(SIGKILL)
        #expect(endless.waitUntilExit() == .signal(SIGKILL))
        #expect(!endless.isRunning && endless.waitUntilExit().status == -SIGKILL)
    }

    @Test("it runs where it is told to, and knows what it is given and nothing else")
    func surroundings() throws {
        #expect(try said("pwd; echo $GIVEN$HOME", environment: ["GIVEN": "a b"], folder: "/usr") == "/usr\na b\n")
    }

    @Test("it has none of this process's open files")
    func openFiles() throws {
        let pipes = (0..<8).map { _ in Pipe() }
        for pipe in pipes { _ = fcntl(pipe.fileHandleForWriting.fileDescriptor, F_SETFD, 0) }
        // The three streams, and the folder that is being listed.
        #expect(try said("ls /proc/self/fd").split(separator: "\n").count == 4)
    }

    @Test("it reads what it is told until that ends")
    func input() throws {
        let (input, output) = (Pipe(), Pipe())
        let process = try ChildProcess(
            ChildProcess.Command("/bin/cat", input: .pipe(input), output: .pipe(output)))
        try input.fileHandleForWriting.write(contentsOf: Data("one\ntwo".utf8))
        try input.fileHandleForWriting.close()
        #expect(output.fileHandleForReading.readDataToEndOfFile() == Data("one\ntwo".utf8))
        #expect(process.waitUntilExit() == .exit(0))
    }

    @Test("what is not there does not start")
    func missing() {
        #expect(throws: ChildProcess.DidNotStart.self) { try ChildProcess(ChildProcess.Command("/no/such/program")) }
    }

    @Test("many wait for many")
    func many() async throws {
        try await withThrowingTaskGroup(of: Int32.self) { group in
            for number in 0..<40 {
                group.addTask {
                    let process = try ChildProcess(ChildProcess.Command("/bin/sh", ["-c", "exit \(number)"]))
                    return await withCheckedContinuation { continuation in
                        Thread.detachNewThread { continuation.resume(returning: process.waitUntilExit().status) }
                    }
                }
            }
            var statuses: [Int32] = []
            for try await status in group { statuses.append(status) }
            #expect(statuses.sorted() == Array(0..<40))
        }
    }
}
