#!lua flags=no-writes
-- The epoch, and the stock when the gate is open.
local control = redis.call('HMGET', KEYS[1], 'epoch', 'open')
if not control[1] then return {0} end
if control[2] == '0' then return {0, control[1]} end
local stock = string.sub(KEYS[1], 1, -6) .. 'e' .. control[1] .. ':stock'
if redis.call('HEXISTS', stock, 'loaded') == 0 then return {0, control[1]} end
return {1, control[1], redis.call('HGETALL', stock)}
