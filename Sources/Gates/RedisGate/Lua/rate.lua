#!lua flags=allow-oom
-- The generic cell rate algorithm: KEYS[1] holds the moment at which all that was let through would be paid off, in
-- microseconds. ARGV[1] is what one costs, ARGV[2] how far ahead that moment may be, ARGV[3] the time when it is not
-- the engine's. Answers 0, or after how many microseconds to come back.
local now
if ARGV[3] then
    now = tonumber(ARGV[3])
else
    local time = redis.call('TIME')
    now = time[1] * 1000000 + time[2]
end
local cost, ahead = tonumber(ARGV[1]), tonumber(ARGV[2])
local paid = math.max(now, tonumber(redis.call('GET', KEYS[1]) or '0')) + cost
if paid - now > ahead then return paid - now - ahead end
-- The engine's clock is none for a time that was given; such a key is kept for longer.
local spare = ARGV[3] and 60000 or 1
redis.call('SET', KEYS[1], string.format('%.0f', paid), 'PX', math.ceil((paid - now) / 1000) + spare)
return 0
