-- Opens the gate, if nobody has closed it since it was loaded. ARGV[2] is for how many seconds the remembered keys are
-- all that there are; 0 when they are not.
local control = redis.call('HMGET', KEYS[1], 'epoch', 'open')
if not control[1] then return {0} end
if control[1] ~= ARGV[1] then return {6, control[1]} end
local data = string.sub(KEYS[1], 1, -6) .. 'e' .. ARGV[1] .. ':'
local complete = 0
if ARGV[2] ~= '0' then complete = redis.call('TIME')[1] + ARGV[2] end
redis.call('HSET', data .. 'stock', 'loaded', 1, 'complete', complete,
    'tickets', redis.call('HLEN', data .. 'tickets'), 'buyers', redis.call('HLEN', data .. 'units'))
redis.call('HSET', data .. 'tickets', 'loaded', 1)
redis.call('HSET', data .. 'units', 'loaded', 1)
redis.call('HSET', KEYS[1], 'open', ARGV[1])
return {1}
