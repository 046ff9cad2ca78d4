-- Ends an epoch, of which nothing is kept but its remembered keys, which expire. ARGV[1] is the epoch that the caller
-- knows, ARGV[2] the term in which it leads: one that is lower than the highest may not close. An engine that was
-- emptied knows no term, and must not count anew from an epoch that somebody may still speak of, so its clock counts.
local control = redis.call('HMGET', KEYS[1], 'epoch', 'term')
local before = control[1]
if control[2] and tonumber(control[2]) > tonumber(ARGV[2]) then return {7, control[2]} end
local epoch = math.max(
    tonumber(before or '0') + 1, tonumber(ARGV[1]) + 1, tonumber(redis.call('TIME')[1]))
if before then
    local data = string.sub(KEYS[1], 1, -6) .. 'e' .. before .. ':'
    redis.call('UNLINK', data .. 'stock', data .. 'tickets', data .. 'units', data .. 'changes', data .. 'outbox',
        data .. 'late')
end
redis.call('HSET', KEYS[1], 'epoch', string.format('%.0f', epoch), 'open', 0, 'full', 0,
    'term', ARGV[2], 'run', run())
return {1, string.format('%.0f', epoch)}
