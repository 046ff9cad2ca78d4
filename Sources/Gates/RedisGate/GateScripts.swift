import RedisClient

/// What the gate does inside Redis, one script each.
enum GateScripts {
    static let take = RedisScript(PackageResources.take_lua)
    static let end = RedisScript(PackageResources.end_lua)
    static let restock = RedisScript(PackageResources.restock_lua)
    static let count = RedisScript(PackageResources.count_lua)
    static let judged = RedisScript(PackageResources.judged_lua)
    static let unlogged = RedisScript(PackageResources.unlogged_lua)
    static let known = RedisScript(PackageResources.known_lua)
    static let look = RedisScript(PackageResources.look_lua)
    static let close = RedisScript(PackageResources.close_lua)
    static let load = RedisScript(PackageResources.load_lua)
    static let open = RedisScript(PackageResources.open_lua)
    static let rate = RedisScript(PackageResources.rate_lua)
    static let boardLook = RedisScript(PackageResources.board_look_lua)
    static let boardFill = RedisScript(PackageResources.board_fill_lua)
    static let boardTell = RedisScript(PackageResources.board_tell_lua)

    static let all = [
        take, end, restock, count, judged, unlogged, known, look, close, load, open, rate, boardLook,
        boardFill, boardTell,
    ]
}
