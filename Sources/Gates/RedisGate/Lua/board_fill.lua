-- Keeps what the ledger said of an order, ARGV[2] its version and ARGV[3] its bytes, for ARGV[4] seconds. Not when the
-- mark ARGV[1] is gone, under which it was read, nor when a newer version was told meanwhile.
local known = redis.call('HMGET', KEYS[1], 'mark', 'version')
if known[1] ~= ARGV[1] or tonumber(known[2]) > tonumber(ARGV[2]) then return 0 end
redis.call('HSET', KEYS[1], 'version', ARGV[2], 'bytes', ARGV[3])
redis.call('EXPIRE', KEYS[1], ARGV[4])
return 1
