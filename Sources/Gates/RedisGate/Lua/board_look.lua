-- What is kept of an order that somebody looks at, and with it the mark that says since when every change of it was
-- told here. Without any, ARGV[1] is made the mark, for ARGV[2] seconds: whoever reads the ledger after that may keep
-- what it says.
local mark = redis.call('HGET', KEYS[1], 'mark')
if mark then return {mark, redis.call('HGET', KEYS[1], 'bytes')} end
redis.call('HSET', KEYS[1], 'mark', ARGV[1], 'version', -1)
redis.call('EXPIRE', KEYS[1], ARGV[2])
return {ARGV[1], false}
