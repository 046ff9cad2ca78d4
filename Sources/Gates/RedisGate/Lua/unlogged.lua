#!lua flags=no-writes
-- Entries of the outbox after ARGV[2], oldest first, at most ARGV[3].
local open = redis.call('HGET', KEYS[1], 'open')
if not open or open == '0' then return {0} end
if open ~= ARGV[1] then return {6, open} end
local outbox = string.sub(KEYS[1], 1, -6) .. 'e' .. ARGV[1] .. ':outbox'
return {1, redis.call('XRANGE', outbox, ARGV[2], '+', 'COUNT', ARGV[3])}
