-- The epoch, whether all of it was written by this run of the server, and, when the gate is open, the stock and how
-- many orders are in the outbox. What another run wrote may be old, so it is closed.
local control = redis.call('HMGET', KEYS[1], 'epoch', 'open', 'run')
if not control[1] then return {0} end
if control[3] ~= run() then return {0, control[1], 0} end
if control[2] == '0' then return {0, control[1], 1} end
local data = string.sub(KEYS[1], 1, -6) .. 'e' .. control[1] .. ':'
local stock = data .. 'stock'
if redis.call('HEXISTS', stock, 'loaded') == 0 then return {0, control[1], 1} end
return {1, control[1], 1, redis.call('HGETALL', stock), redis.call('XLEN', data .. 'outbox')}
