import RedisClient

/// What the gate does inside Redis, one script each.
enum GateScripts {
    static let take = RedisScript(PackageResources.take_lua)
    static let news = joined(PackageResources.apply_lua, PackageResources.news_lua)
    static let judged = RedisScript(PackageResources.judged_lua)
    static let unlogged = RedisScript(PackageResources.unlogged_lua)
    static let known = RedisScript(PackageResources.known_lua)
    static let look = joined(PackageResources.run_lua, PackageResources.look_lua, flags: "no-writes")
    static let close = joined(PackageResources.run_lua, PackageResources.close_lua)
    static let load = RedisScript(PackageResources.load_lua)
    static let open = joined(PackageResources.apply_lua, PackageResources.run_lua, PackageResources.open_lua)
    static let rate = RedisScript(PackageResources.rate_lua)
    static let boardLook = RedisScript(PackageResources.board_look_lua)
    static let boardFill = RedisScript(PackageResources.board_fill_lua)
    static let boardTell = RedisScript(PackageResources.board_tell_lua)

    static let all = [
        take, news, judged, unlogged, known, look, close, load, open, rate, boardLook, boardFill, boardTell,
    ]

    /// A script of several files. What gives back or gives way runs in a full memory too.
    private static func joined(_ parts: [UInt8]..., flags: String = "allow-oom") -> RedisScript {
        RedisScript(Array("#!lua flags=\(flags)\n".utf8) + parts.joined())
    }
}
