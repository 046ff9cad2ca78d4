#!lua flags=allow-oom
-- Units that a buyer got or gave back past the gate: ARGV[2] is product and contact, ARGV[3] how many, ARGV[4] how many
-- buyers are counted.
local open = redis.call('HGET', KEYS[1], 'open')
if not open or open == '0' then return {0} end
if open ~= ARGV[1] then return {6, open} end
local data = string.sub(KEYS[1], 1, -6) .. 'e' .. ARGV[1] .. ':'
local units = data .. 'units'
local found = redis.call('HMGET', units, 'loaded', ARGV[2])
if not found[1] then return {0} end
local total, held = 0, 0
if found[2] then
    total, held = string.match(found[2], '^(%d+) (%d+)$')
elseif redis.call('HLEN', units) > tonumber(ARGV[4]) then
    return {1}
end
total, held = math.max(0, total + tonumber(ARGV[3])), tonumber(held)
if total == 0 and held == 0 then
    redis.call('HINCRBY', data .. 'stock', 'buyers', -redis.call('HDEL', units, ARGV[2]))
else
    redis.call('HINCRBY', data .. 'stock', 'buyers', redis.call('HSET', units, ARGV[2], total .. ' ' .. held))
end
return {1}
