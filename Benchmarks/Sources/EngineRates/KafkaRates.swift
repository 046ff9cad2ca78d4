import Dispatch
import Foundation
import KafkaClient
import NIOConcurrencyHelpers
import TestKit

/// How fast the producer is against a development broker in a process of its own, which keeps everything in memory
/// and drops the oldest: the figures are those of the client, and say nothing about the disks of a real broker.
func kafkaRates() async throws {
    let broker = try await BrokerProcess(topics: ["rates": 8])
    let producer = try KafkaProducer(KafkaProducer.Settings(brokers: broker.brokers))
    _ = try await produceAll(20_000, producer)
    let seconds = try await produceAll(300_000, producer)
    let rate = Int(300_000 / seconds)
    report("produce to report, 256 B: \(rate)/s, goal 50000/s", isMet: rate >= 50_000)
    let latencies = try await openLoop(perSecond: 2000, seconds: 10, producer).sorted()
    let (half, most) = (latencies[latencies.count / 2], latencies[latencies.count * 99 / 100])
    let text = String(format: "p50 %.2f ms, p99 %.2f ms, goal p99 15 ms", half, most)
    report("acknowledged produce at 2000/s: \(text)", isMet: most < 15)
    _ = await producer.close()
    broker.kill()
}

private func report(_ line: String, isMet: Bool) { print("kafka: \(line): \(isMet ? "ok" : "MISSED")") }

private let record = Array(repeating: UInt8(7), count: 256)

/// Produces as fast as the queue takes; returns the seconds until the last report.
private func produceAll(_ count: Int, _ producer: KafkaProducer) async throws -> Double {
    let (acknowledged, failed) = (NIOLockedValueBox(0), NIOLockedValueBox(0))
    let start = DispatchTime.now()
    await withCheckedContinuation { continuation in
        Thread.detachNewThread {
            var number = 0
            while number < count {
                // Below the bound of the queue, so that nothing is refused.
                guard producer.pending < 40_000 else {
                    usleep(200)
                    continue
                }
                for _ in 0..<min(100, count - number) {
                    producer.produce(topic: "rates", partition: Int32(number % 8), key: [], value: record) { result in
                        let box = (try? result.get()) == nil ? failed : acknowledged
                        box.withLockedValue { $0 += 1 }
                    }
                    number += 1
                }
            }
            continuation.resume()
        }
    }
    try await eventually("reports") {
        acknowledged.withLockedValue { $0 } + failed.withLockedValue { $0 } == count
    }
    let nanoseconds = DispatchTime.now().uptimeNanoseconds - start.uptimeNanoseconds
    try expect(failed.withLockedValue { $0 }, is: 0, "failed")
    return Double(nanoseconds) / 1e9
}

/// Produces at a steady rate, whatever the answers do; returns milliseconds from when each was due to its report.
private func openLoop(perSecond: Int, seconds: Int, _ producer: KafkaProducer) async throws -> [Double] {
    let count = perSecond * seconds
    let latencies = NIOLockedValueBox<[Double]>([])
    await withCheckedContinuation { continuation in
        Thread.detachNewThread {
            let start = DispatchTime.now().uptimeNanoseconds
            for number in 0..<count {
                let due = start + UInt64(number) * 1_000_000_000 / UInt64(perSecond)
                let now = DispatchTime.now().uptimeNanoseconds
                if due > now { usleep(UInt32((due - now) / 1000)) }
                producer.produce(topic: "rates", partition: Int32(number % 8), key: [], value: record) { result in
                    guard (try? result.get()) != nil else { return }
                    let took = Double(DispatchTime.now().uptimeNanoseconds - due) / 1e6
                    latencies.withLockedValue { $0.append(took) }
                }
            }
            continuation.resume()
        }
    }
    try await eventually("reports") { latencies.withLockedValue { $0.count } == count }
    return latencies.withLockedValue { $0 }
}
