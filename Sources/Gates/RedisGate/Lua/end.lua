#!lua flags=allow-oom
-- Ends the ticket of an order: ARGV[3] is n (not placed), r (released) or s (sold). Without a ticket nothing happens.
local epoch, order, how = ARGV[1], ARGV[2], ARGV[3]
local open = redis.call('HGET', KEYS[1], 'open')
if not open or open == '0' then return {0} end
if open ~= epoch then return {6, open} end
local data = string.sub(KEYS[1], 1, -6) .. 'e' .. epoch .. ':'

local packed = redis.call('HGET', data .. 'tickets', order)
if not packed or redis.call('HEXISTS', data .. 'stock', 'loaded') == 0 then return {1} end
local product, contact, quantity, pool, key, entry, lane, bytes = cmsgpack.unpack(packed)
redis.call('HDEL', data .. 'tickets', order)
if entry ~= '' then redis.call('XDEL', data .. 'outbox', entry) end
redis.call('HINCRBY', data .. 'stock', 'tickets', -1)
if bytes > 0 then redis.call('HINCRBY', data .. 'stock', 'waiting:' .. lane, -bytes) end

local buyer = product .. ':' .. contact
local known = redis.call('HGET', data .. 'units', buyer)
if known then
    local total, held = string.match(known, '^(%d+) (%d+)$')
    if how ~= 's' then total = math.max(0, total - quantity) end
    held = math.max(0, held - quantity)
    if tonumber(total) == 0 and held == 0 then
        redis.call('HDEL', data .. 'units', buyer)
        redis.call('HINCRBY', data .. 'stock', 'buyers', -1)
    else
        redis.call('HSET', data .. 'units', buyer, total .. ' ' .. held)
    end
end
if how == 's' then return {1} end
if how == 'n' and key ~= '' and redis.call('DEL', data .. 'k:' .. product .. ':' .. key) == 1 then
    redis.call('HINCRBY', data .. 'stock', 'keys', -1)
end
if pool == '-' then return {1} end
return {1, pool .. product, redis.call('HINCRBY', data .. 'stock', pool .. product, quantity)}
