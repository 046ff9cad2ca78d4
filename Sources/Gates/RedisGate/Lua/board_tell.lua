#!lua flags=allow-oom
-- Orders have changed: for each key its version and its bytes, empty when the teller does not have them; ARGV[1] for how
-- many seconds they are kept. Of an order that nobody looks at, and of a change that is not newer, nothing is done.
-- Bytes take the place of bytes only: under a bare mark the ledger may have gone on, before the mark, from what is told
-- late. Answers how many were newer.
local told = 0
for index, key in ipairs(KEYS) do
    local known = redis.call('HMGET', key, 'version', 'bytes')
    local version, bytes = ARGV[2 * index], ARGV[2 * index + 1]
    if known[1] and tonumber(known[1]) < tonumber(version) then
        if known[2] and bytes ~= '' then
            redis.call('HSET', key, 'version', version, 'bytes', bytes)
        else
            redis.call('HSET', key, 'version', version)
            redis.call('HDEL', key, 'bytes')
        end
        redis.call('EXPIRE', key, ARGV[1])
        redis.call('PUBLISH', key, bytes)
        told = told + 1
    end
end
return told
