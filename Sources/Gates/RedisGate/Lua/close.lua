#!lua flags=allow-oom
-- Ends an epoch, of which nothing is kept but its remembered keys, which expire. ARGV[1] is the epoch that the caller
-- knows: an engine that was emptied must not count anew from one that somebody may still speak of.
local before = redis.call('HGET', KEYS[1], 'epoch')
local epoch = math.max(tonumber(before or '0'), tonumber(ARGV[1])) + 1
if before then
    local data = string.sub(KEYS[1], 1, -6) .. 'e' .. before .. ':'
    redis.call('UNLINK', data .. 'stock', data .. 'tickets', data .. 'units', data .. 'outbox')
end
redis.call('HSET', KEYS[1], 'epoch', string.format('%.0f', epoch), 'open', 0)
return {1, string.format('%.0f', epoch)}
