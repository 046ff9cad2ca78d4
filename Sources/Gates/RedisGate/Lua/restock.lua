#!lua flags=allow-oom
-- Cards came to a pool, or left it past the gate: ARGV[2] is the pool of a product, ARGV[3] how many.
local open = redis.call('HGET', KEYS[1], 'open')
if not open or open == '0' then return {0} end
if open ~= ARGV[1] then return {6, open} end
local stock = string.sub(KEYS[1], 1, -6) .. 'e' .. ARGV[1] .. ':stock'
if redis.call('HEXISTS', stock, 'loaded') == 0 then return {0} end
return {1, ARGV[2], redis.call('HINCRBY', stock, ARGV[2], ARGV[3])}
