#!lua flags=no-writes
-- Whether a key may have been seen: ARGV[2] is product and key.
local open = redis.call('HGET', KEYS[1], 'open')
if not open or open == '0' then return {0} end
if open ~= ARGV[1] then return {6, open} end
local data = string.sub(KEYS[1], 1, -6) .. 'e' .. ARGV[1] .. ':'
if redis.call('EXISTS', data .. 'k:' .. ARGV[2]) == 1 then return {2} end
local complete = redis.call('HGET', data .. 'stock', 'complete')
if not complete or tonumber(redis.call('TIME')[1]) >= tonumber(complete) then return {2} end
return {1}
