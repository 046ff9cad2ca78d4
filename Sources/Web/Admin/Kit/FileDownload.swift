import HTTPTypes
import Hummingbird
import NIOCore

extension Admin {
    /// A table as a file, written while it is read: no more than one page of rows is in memory.
    ///
    /// - Parameter page: the rows from a cursor on, and where to go on; nil at the end
    static func csv<Cursor: Sendable>(
        _ name: String, columns: [String],
        page: @escaping @Sendable (_ after: Cursor?) async throws -> (rows: [[String]], next: Cursor?)
    ) async throws -> Response {
        // Read before the answer begins, so that a ledger that is busy is told as such.
        let first = try await page(nil)
        let body = ResponseBody { writer in
            let start = CSVText.byteOrderMark + CSVText.row(columns)
            try await writer.write(ByteBuffer(string: start + first.rows.map(CSVText.row).joined()))
            var cursor = first.next
            while let after = cursor {
                let part = try await page(after)
                try await writer.write(ByteBuffer(string: part.rows.map(CSVText.row).joined()))
                cursor = part.next
            }
            try await writer.finish(nil)
        }
        return Response(
            status: .ok,
            headers: [
                .contentType: "text/csv; charset=utf-8", .cacheControl: "no-store", .xContentTypeOptions: "nosniff",
                .contentDisposition: "attachment; filename=\"\(name).csv\"",
                .contentSecurityPolicy: "default-src 'none'; sandbox",
            ], body: body)
    }
}
