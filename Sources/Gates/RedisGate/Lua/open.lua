-- Lets late news take effect, at most ARGV[3] of it in one call; when none is left, opens the gate in the same call.
-- Only what this run of the server was given since the gate was closed is whole, and only if all news was kept. ARGV[2]
-- is for how many seconds the remembered keys are all that there are; 0 when they are not. Answers how much is left.
local control = redis.call('HMGET', KEYS[1], 'epoch', 'open', 'run', 'full')
if not control[1] then return {0} end
if control[1] ~= ARGV[1] or control[2] ~= '0' then return {6, control[1]} end
if control[3] ~= run() or control[4] ~= '0' then return {0} end
local data = string.sub(KEYS[1], 1, -6) .. 'e' .. ARGV[1] .. ':'
for _ = 1, tonumber(ARGV[3]) do
    local news = redis.call('LPOP', data .. 'late')
    if not news then break end
    apply(data, cmsgpack.unpack(news))
end
local left = redis.call('LLEN', data .. 'late')
if left > 0 then return {1, left} end

local complete = 0
if ARGV[2] ~= '0' then complete = redis.call('TIME')[1] + ARGV[2] end
redis.call('HSET', data .. 'stock', 'loaded', 1, 'complete', complete,
    'tickets', redis.call('HLEN', data .. 'tickets'), 'buyers', redis.call('HLEN', data .. 'units'))
redis.call('HSET', data .. 'tickets', 'loaded', 1)
redis.call('HSET', data .. 'units', 'loaded', 1)
redis.call('HSET', data .. 'changes', 'loaded', 1)
redis.call('HSET', KEYS[1], 'open', ARGV[1])
return {1, 0}
