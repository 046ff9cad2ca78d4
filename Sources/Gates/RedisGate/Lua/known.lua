#!lua flags=no-writes
-- Whether a key may have been seen: ARGV[2] is product and key.
local control = redis.call('HMGET', KEYS[1], 'epoch', 'open', 'complete')
if control[2] ~= '1' then return {0} end
if control[1] ~= ARGV[1] then return {6, control[1]} end
local remembered = string.sub(KEYS[1], 1, -6) .. 'e' .. ARGV[1] .. ':k:' .. ARGV[2]
if redis.call('EXISTS', remembered) == 1 then return {2} end
if tonumber(redis.call('TIME')[1]) >= tonumber(control[3]) then return {2} end
return {1}
