-- Writes a part of a snapshot, under the epoch of whoever closed the gate, while nobody else has. ARGV[2] says of what.
local control = redis.call('HMGET', KEYS[1], 'epoch', 'open')
if not control[1] then return {0} end
if control[1] ~= ARGV[1] or control[2] ~= '0' then return {6, control[1]} end
local data = string.sub(KEYS[1], 1, -6) .. 'e' .. ARGV[1] .. ':'
local what = ARGV[2]
if what == 'stock' then
    for index = 3, #ARGV, 2 do redis.call('HSET', data .. 'stock', ARGV[index], ARGV[index + 1]) end
elseif what == 'changes' then
    for index = 3, #ARGV, 2 do redis.call('HSET', data .. 'changes', ARGV[index], ARGV[index + 1]) end
elseif what == 'units' then
    for index = 3, #ARGV, 3 do
        redis.call('HSET', data .. 'units', ARGV[index], ARGV[index + 1] .. ' ' .. ARGV[index + 2])
    end
elseif what == 'tickets' then
    for index = 3, #ARGV, 5 do
        redis.call('HSET', data .. 'tickets', ARGV[index], cmsgpack.pack(
            ARGV[index + 1], ARGV[index + 2], tonumber(ARGV[index + 3]), ARGV[index + 4], '', '', '', 0))
    end
elseif what == 'keys' then
    for index = 4, #ARGV do redis.call('SET', data .. 'k:' .. ARGV[index], '', 'EX', ARGV[3]) end
    redis.call('HINCRBY', data .. 'stock', 'keys', #ARGV - 3)
end
return {1}
