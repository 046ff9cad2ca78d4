#!lua flags=allow-oom
-- Cards came to a pool, or left it past the gate: ARGV[2] is the pool of a product, ARGV[3] how many.
local control = redis.call('HMGET', KEYS[1], 'epoch', 'open')
if control[2] ~= '1' then return {0} end
if control[1] ~= ARGV[1] then return {6, control[1]} end
local stock = string.sub(KEYS[1], 1, -6) .. 'e' .. ARGV[1] .. ':stock'
if redis.call('HEXISTS', stock, 'loaded') == 0 then return {0} end
return {1, ARGV[2], redis.call('HINCRBY', stock, ARGV[2], ARGV[3])}
