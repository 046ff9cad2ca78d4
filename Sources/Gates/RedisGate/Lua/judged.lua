#!lua flags=allow-oom
-- The log has these orders, from ARGV[3] on, so they leave the outbox. If ARGV[2] is 1, the ledger has judged them too,
-- and they do not count towards what waits any more.
local open = redis.call('HGET', KEYS[1], 'open')
if not open or open == '0' then return {0} end
if open ~= ARGV[1] then return {6, open} end
local data = string.sub(KEYS[1], 1, -6) .. 'e' .. ARGV[1] .. ':'
for index = 3, #ARGV do
    local packed = redis.call('HGET', data .. 'tickets', ARGV[index])
    if packed then
        local product, contact, quantity, pool, key, entry, lane, bytes = cmsgpack.unpack(packed)
        local isJudged = ARGV[2] == '1' and bytes > 0
        if entry ~= '' then redis.call('XDEL', data .. 'outbox', entry) end
        if isJudged then
            redis.call('HINCRBY', data .. 'stock', 'waiting:' .. lane, -bytes)
            bytes = 0
        end
        if entry ~= '' or isJudged then
            redis.call('HSET', data .. 'tickets', ARGV[index],
                cmsgpack.pack(product, contact, quantity, pool, key, '', lane, bytes))
        end
    end
end
return {1}
