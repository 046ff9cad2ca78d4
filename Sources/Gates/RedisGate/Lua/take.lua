-- Judges a request for an order and, when it may be had, takes everything at once: stock, units, key, ticket, outbox.
-- All keys bear the hash tag of KEYS[1], which is the shard's control. Writes nothing before it is certain to go on;
-- the first write is one that Redis refuses when memory is full.
local call = redis.call
local epoch, order, product, pool, quantity = ARGV[1], ARGV[2], ARGV[3], ARGV[4], tonumber(ARGV[5])
local contact, key, lane, record = ARGV[6], ARGV[7], ARGV[8], ARGV[9]
local mayBeOld, onSale = ARGV[10] == '1', ARGV[11] == '1'
local perOrder, perBuyer, heldPerBuyer = tonumber(ARGV[12]), tonumber(ARGV[13]), tonumber(ARGV[14])
local mostWaiting, mostTickets, mostBuyers = tonumber(ARGV[15]), tonumber(ARGV[16]), tonumber(ARGV[17])
local mostKeys, keySeconds = tonumber(ARGV[18]), ARGV[19]

local open = call('HGET', KEYS[1], 'open')
if not open or open == '0' then return {0} end
if open ~= epoch then return {6, open} end
local data = string.sub(KEYS[1], 1, -6) .. 'e' .. epoch .. ':'
local ticketsName, stockName, unitsName = data .. 'tickets', data .. 'stock', data .. 'units'

-- What was lost by the engine must not be taken for nothing: each hash has a mark. Counts stand beside the stock, so
-- that one call reads them and one call writes them.
local ticket = call('HMGET', ticketsName, 'loaded', order)
local place = pool .. product
local lanePlace = 'waiting:' .. lane
local stock = call('HMGET', stockName,
    'loaded', place, lanePlace, 'tickets', 'buyers', 'keys', 'complete')
local buyer = product .. ':' .. contact
local units = call('HMGET', unitsName, 'loaded', buyer)
if not (ticket[1] and stock[1] and units[1]) then return {0} end

if ticket[2] then return {1} end
local remembered
if key ~= '' then
    remembered = data .. 'k:' .. product .. ':' .. key
    if call('EXISTS', remembered) == 1 then return {2} end
end

local available = tonumber(stock[2] or '0')
local total, held = 0, 0
if units[2] then
    local first, second = string.match(units[2], '^(%d+) (%d+)$')
    total, held = tonumber(first), tonumber(second)
end
local refusal
if not onSale then
    refusal = 3
elseif pool ~= '-' and available < quantity then
    refusal = 4
elseif quantity > perOrder or total + quantity > perBuyer or held + quantity > heldPerBuyer then
    refusal = 5
end
if refusal then
    -- A key that is too old to be remembered may stand for an order, of which the buyer must hear.
    if mayBeOld and tonumber(call('TIME')[1]) >= tonumber(stock[7]) then return {2} end
    if refusal == 4 then return {4, available} end
    return {refusal}
end

local waiting = tonumber(stock[3] or '0')
if waiting + #record > mostWaiting then return {0} end
local count = tonumber(stock[4])
if count >= mostTickets then return {0} end

local entry = call('XADD', data .. 'outbox', '*', 'r', record)
call('HSET', ticketsName, order,
    cmsgpack.pack(product, contact, quantity, pool, key, entry, lane, #record))
local buyers, keys, complete = stock[5], stock[6] or '0', stock[7]
if units[2] or tonumber(buyers) < mostBuyers then
    call('HSET', unitsName, buyer, (total + quantity) .. ' ' .. (held + quantity))
    if not units[2] then buyers = buyers + 1 end
end
if remembered then
    if tonumber(keys) < mostKeys then
        call('SET', remembered, '', 'EX', keySeconds)
        keys = keys + 1
    else
        complete = 0
    end
end
if pool == '-' then
    call('HSET', stockName, lanePlace, waiting + #record, 'tickets', count + 1,
        'buyers', buyers, 'keys', keys, 'complete', complete)
    return {1}
end
call('HSET', stockName, lanePlace, waiting + #record, 'tickets', count + 1,
    'buyers', buyers, 'keys', keys, 'complete', complete, place, available - quantity)
return {1, available - quantity}
