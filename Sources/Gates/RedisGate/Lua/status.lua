-- Keeps the latest state of an order and tells who listens: ARGV[1] is its version, ARGV[2] its bytes, ARGV[3] for how
-- many seconds. What is older than what is there is dropped.
local known = redis.call('HGET', KEYS[1], 'version')
if known and tonumber(known) >= tonumber(ARGV[1]) then return 0 end
redis.call('HSET', KEYS[1], 'version', ARGV[1], 'bytes', ARGV[2])
redis.call('EXPIRE', KEYS[1], ARGV[3])
redis.call('PUBLISH', KEYS[1], ARGV[2])
return 1
