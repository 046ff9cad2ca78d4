-- What the ledger has committed: ARGV[1] is how much of it is kept while the gate is closed, and the rest is the news.
-- No epoch is told, since a ticket's existence or a change's number says whether it is new to the one that holds.
local control = redis.call('HMGET', KEYS[1], 'epoch', 'open')
if not control[1] then return {0} end
local data = string.sub(KEYS[1], 1, -6) .. 'e' .. control[1] .. ':'
local news = {}
for index = 2, #ARGV do news[index - 1] = ARGV[index] end

-- The snapshot that will be loaded may be older than this, so it waits until then.
if control[2] == '0' then
    if redis.call('LLEN', data .. 'late') >= tonumber(ARGV[1]) then
        redis.call('HSET', KEYS[1], 'full', 1)
        return {0}
    end
    redis.call('RPUSH', data .. 'late', cmsgpack.pack(news))
    return {1}
end

-- What was lost by the engine must not be made up from nothing.
if redis.call('EXISTS', data .. 'stock', data .. 'tickets', data .. 'units', data .. 'changes') < 4 then return {0} end
local place, available = apply(data, news)
if not place then return {1} end
return {1, control[1], place, available}
