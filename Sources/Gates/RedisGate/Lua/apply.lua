-- How news of what the ledger has committed takes effect, for the scripts that this is put before. All news has the
-- name of what it is first.

-- Ends the ticket of an order: `how` is n (not placed), r (released) or s (sold). Without a ticket nothing happens.
local function finish(data, order, how)
    local packed = redis.call('HGET', data .. 'tickets', order)
    if not packed then return end
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
    if how == 's' then return end
    if how == 'n' and key ~= '' and redis.call('DEL', data .. 'k:' .. product .. ':' .. key) == 1 then
        redis.call('HINCRBY', data .. 'stock', 'keys', -1)
    end
    if pool == '-' then return end
    return pool .. product, redis.call('HINCRBY', data .. 'stock', pool .. product, quantity)
end

-- Whether the snapshot that was loaded does not hold a change. It is compared with the snapshot's number only, since
-- changes may come in any order.
local function isNew(data, product, change)
    return tonumber(change) > tonumber(redis.call('HGET', data .. 'changes', product) or '0')
end

-- Cards came to a pool, or left it past the gate.
local function restock(data, product, pool, quantity, change)
    if not isNew(data, product, change) then return end
    return pool .. product, redis.call('HINCRBY', data .. 'stock', pool .. product, quantity)
end

-- Units that a buyer got or gave back past the gate; so many buyers are counted at most.
local function count(data, product, contact, quantity, change, mostBuyers)
    if not isNew(data, product, change) then return end
    local units, buyer = data .. 'units', product .. ':' .. contact
    local known = redis.call('HGET', units, buyer)
    local total, held = 0, 0
    if known then
        total, held = string.match(known, '^(%d+) (%d+)$')
    elseif redis.call('HLEN', units) - redis.call('HEXISTS', units, 'loaded') >= tonumber(mostBuyers) then
        return
    end
    total, held = math.max(0, total + tonumber(quantity)), tonumber(held)
    if total == 0 and held == 0 then
        if redis.call('HDEL', units, buyer) == 1 then redis.call('HINCRBY', data .. 'stock', 'buyers', -1) end
    else
        redis.call('HINCRBY', data .. 'stock', 'buyers', redis.call('HSET', units, buyer, total .. ' ' .. held))
    end
end

local effects = { finish = finish, restock = restock, count = count }

-- Answers the pool whose stock has changed, and the stock; nothing when none has.
local function apply(data, news) return effects[news[1]](data, unpack(news, 2)) end
