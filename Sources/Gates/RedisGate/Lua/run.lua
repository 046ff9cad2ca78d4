-- Which run of the server this is, for the scripts that this is put before. Another one may have found older data.
local function run() return string.match(redis.call('INFO', 'server'), 'run_id:(%x+)') end
