#!lua flags=no-writes
-- Entries of the outbox after ARGV[2], oldest first, at most ARGV[3].
local control = redis.call('HMGET', KEYS[1], 'epoch', 'open')
if control[2] ~= '1' then return {0} end
if control[1] ~= ARGV[1] then return {6, control[1]} end
local outbox = string.sub(KEYS[1], 1, -6) .. 'e' .. ARGV[1] .. ':outbox'
return {1, redis.call('XRANGE', outbox, ARGV[2], '+', 'COUNT', ARGV[3])}
