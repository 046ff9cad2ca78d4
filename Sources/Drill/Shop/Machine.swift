import Foundation

/// The machine on which a drill was held: figures without it mean nothing.
public struct Machine: Codable, Equatable, Sendable {
    public let cores: Int
    public let kernel: String
    public let cpu: String
    public let memoryMebibytes: Int

    init(cores: Int, kernel: String, cpu: String, memoryMebibytes: Int) {
        self.cores = cores
        self.kernel = kernel
        self.cpu = cpu
        self.memoryMebibytes = memoryMebibytes
    }

    /// This machine.
    static func current() -> Machine {
        let info = ProcessInfo.processInfo
        let kernel = try? String(contentsOfFile: "/proc/sys/kernel/osrelease", encoding: .utf8)
        let cpu = try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)
        return Machine(
            cores: info.activeProcessorCount,
            kernel: kernel.map { "Linux \($0.trimmingCharacters(in: .whitespacesAndNewlines))" }
                ?? info.operatingSystemVersionString,
            cpu: cpu.flatMap(model) ?? "unknown CPU", memoryMebibytes: Int(info.physicalMemory >> 20))
    }

    /// The model in `/proc/cpuinfo`; machines with ARM have none.
    static func model(in text: String) -> String? {
        let line = text.split(separator: "\n").first { $0.hasPrefix("model name") }
        return line?.split(separator: ":", maxSplits: 1).last?.trimmingCharacters(in: .whitespaces)
    }

    var sentence: String { "\(cores) cores, \(cpu), \(Figure.count(memoryMebibytes)) MiB, \(kernel)" }
}
