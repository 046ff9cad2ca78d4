import Crypto
import CryptoExtras
public import Domain
import Foundation
import NIOConcurrencyHelpers

/// How much work a guess of a password costs.
public struct ScryptCost: Hashable, Sendable {
    /// The logarithm of N, 1 to 20.
    public let log2N: Int
    /// The size of a block, 1 to 32; a hash takes 128 · N · r bytes of memory.
    public let blockSize: Int
    /// How often, 1 to 16.
    public let parallelism: Int

    /// N = 2^15, r = 8, p = 1: 32 MiB and about a tenth of a second.
    public static let standard = ScryptCost(uncheckedLog2N: 15, blockSize: 8, parallelism: 1)

    /// Nil outside the ranges: a stored hash must not make the shop take all memory.
    public init?(log2N: Int, blockSize: Int, parallelism: Int) {
        guard (1...20).contains(log2N), (1...32).contains(blockSize), (1...16).contains(parallelism),
            128 << log2N * blockSize <= 256 << 20
        else { return nil }
        self.init(uncheckedLog2N: log2N, blockSize: blockSize, parallelism: parallelism)
    }

    private init(uncheckedLog2N log2N: Int, blockSize: Int, parallelism: Int) {
        self.log2N = log2N
        self.blockSize = blockSize
        self.parallelism = parallelism
    }
}

/// A password's hash as it is stored: `scrypt$15$8$1$salt$key`, salt and key in hexadecimal digits.
struct ScryptHash: Hashable, Sendable {
    static let saltBytes = 16
    static let keyBytes = 32

    let cost: ScryptCost
    let salt: [UInt8]
    let key: [UInt8]

    init(cost: ScryptCost, salt: [UInt8], key: [UInt8]) {
        self.cost = cost
        self.salt = salt
        self.key = key
    }

    init?(_ text: String) {
        let parts = text.split(separator: "$", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 6, parts[0] == "scrypt", let log2N = Int(parts[1]), let blockSize = Int(parts[2]),
            let parallelism = Int(parts[3]),
            let cost = ScryptCost(log2N: log2N, blockSize: blockSize, parallelism: parallelism),
            let salt = Hexadecimal.bytes(parts[4]), salt.count == Self.saltBytes,
            let key = Hexadecimal.bytes(parts[5]), key.count == Self.keyBytes
        else { return nil }
        self.init(cost: cost, salt: salt, key: key)
    }

    var text: String {
        "scrypt$\(cost.log2N)$\(cost.blockSize)$\(cost.parallelism)$\(Hexadecimal.text(salt))$\(Hexadecimal.text(key))"
    }
}

/// Which hashes are worked on and which wait, as a value.
struct PasswordQueue<Job: Sendable>: Sendable {
    enum Answer {
        /// A thread is to be started for it.
        case start(Job)
        /// A thread that is at work takes it later.
        case wait
        /// There is no room.
        case full
    }

    let atOnce: Int
    let maximumWaiting: Int
    private(set) var working = 0
    private var waiting: [Job] = []

    init(atOnce: Int, maximumWaiting: Int) {
        self.atOnce = atOnce
        self.maximumWaiting = maximumWaiting
    }

    mutating func add(_ job: Job) -> Answer {
        if working < atOnce {
            working += 1
            return .start(job)
        }
        guard waiting.count < maximumWaiting else { return .full }
        waiting.append(job)
        return .wait
    }

    /// What a thread that is done takes next; nil when it is to end.
    mutating func next() -> Job? {
        guard waiting.isEmpty else { return waiting.removeFirst() }
        working -= 1
        return nil
    }
}

/// Hashes passwords by scrypt (RFC 7914), which takes time and memory on purpose: on threads of its own, few at once,
/// with a bounded queue before them.
public final class PasswordHasher: Sendable {
    /// Derives 32 bytes; blocks. Nil when it cannot, for want of memory.
    typealias Derive = @Sendable (_ password: [UInt8], _ salt: [UInt8], _ cost: ScryptCost) -> [UInt8]?
    private typealias Job = @Sendable () -> Void

    private let queue: NIOLockedValueBox<PasswordQueue<Job>>
    private let cost: ScryptCost
    private let random: @Sendable (Int) -> [UInt8]
    private let derive: Derive
    /// Costs as much as any other, and fits no password.
    private let nobody: ScryptHash

    /// - Parameters:
    ///   - limits: how many at once, and how many may wait
    ///   - cost: of new hashes; those that are stored have their own
    ///   - random: unpredictable bytes
    public convenience init(
        limits: Limits, cost: ScryptCost = .standard, random: @escaping @Sendable (Int) -> [UInt8] = Secrets.random
    ) {
        self.init(limits: limits, cost: cost, random: random, derive: Self.scrypt)
    }

    init(limits: Limits, cost: ScryptCost, random: @escaping @Sendable (Int) -> [UInt8], derive: @escaping Derive) {
        queue = NIOLockedValueBox(
            PasswordQueue(atOnce: limits.passwordsAtOnce, maximumWaiting: limits.passwordsWaiting))
        self.cost = cost
        self.random = random
        self.derive = derive
        nobody = ScryptHash(cost: cost, salt: random(ScryptHash.saltBytes), key: random(ScryptHash.keyBytes))
    }

    /// The hash of a password under a fresh salt, as it is stored.
    ///
    /// - Throws: *busy* when too many wait.
    public func hash(_ password: String) async throws(ShopError) -> String {
        let salt = random(ScryptHash.saltBytes)
        let key = try await key(of: password, salt: salt, cost)
        return ScryptHash(cost: cost, salt: salt, key: key).text
    }

    /// Whether a password fits a stored hash. Without a hash the work is the same, and nothing fits.
    ///
    /// - Throws: *busy* when too many wait; *internal* for a hash that cannot be read.
    public func fits(_ password: String, _ stored: String?) async throws(ShopError) -> Bool {
        let hash = stored.map { ScryptHash($0) } ?? nobody
        guard let hash else { throw ShopError(.internalFault, "a stored password cannot be read") }
        let isEqual = Secrets.areEqual(try await key(of: password, salt: hash.salt, hash.cost), hash.key)
        return isEqual && stored != nil
    }

    private func key(of password: String, salt: [UInt8], _ cost: ScryptCost) async throws(ShopError) -> [UInt8] {
        // Composed in one way, since keyboards differ in how they write the same letter.
        let bytes = Array(password.precomposedStringWithCompatibilityMapping.utf8)
        let result = await withCheckedContinuation {
            (continuation: CheckedContinuation<Result<[UInt8], ShopError>, Never>) in
            add { [derive] in
                let key = derive(bytes, salt, cost)
                let failure = ShopError(.internalFault, "a password could not be hashed")
                continuation.resume(returning: key.map { .success($0) } ?? .failure(failure))
            } orRefuse: {
                continuation.resume(returning: .failure(ShopError(.busy, "too many log-ins at once; try again")))
            }
        }
        return try result.get()
    }

    private func add(_ job: @escaping Job, orRefuse refuse: () -> Void) {
        switch queue.withLockedValue({ $0.add(job) }) {
        case .wait: return
        case .full: refuse()
        case .start(let first):
            Thread.detachNewThread { [queue] in
                Thread.current.name = "passwords"
                var job: Job? = first
                while let current = job {
                    current()
                    job = queue.withLockedValue { $0.next() }
                }
            }
        }
    }

    static let scrypt: Derive = { password, salt, cost in
        let key = try? KDF.Scrypt.deriveKey(
            from: password, salt: salt, outputByteCount: ScryptHash.keyBytes, rounds: 1 << cost.log2N,
            blockSize: cost.blockSize, parallelism: cost.parallelism)
        return key?.withUnsafeBytes { Array($0) }
    }
}
