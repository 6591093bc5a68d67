"""The scripts of the pace in Redis: the arithmetic of `slots.py` for a block of slots, by the server's clock.

A key has the state of a merchant, and is gone a day after its last use. Times are seconds since the epoch. What lies
too far ahead was written before the clock was set back, and is dropped.
"""

_STATE = """
local time = redis.call('TIME')
local now = tonumber(time[1]) + tonumber(time[2]) / 1e6
local function read(field, otherwise)
    return tonumber(redis.call('HGET', KEYS[1], field) or otherwise) or otherwise
end
local function write(...)
    redis.call('HSET', KEYS[1], ...)
    redis.call('EXPIRE', KEYS[1], 86400)
end
local function exact(number) return string.format('%.17g', number) end
"""

FETCH = (
    _STATE
    + """
local wanted_live, wanted_batch, share = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local ahead, lateness = tonumber(ARGV[4]), tonumber(ARGV[5])
local longest, spacing = now + tonumber(ARGV[6]), now + tonumber(ARGV[7])
local rate = redis.call('HGET', KEYS[1], 'rate') or ARGV[9]
local per_second = read('per_second', tonumber(ARGV[8]))
local early = read('early', tonumber(ARGV[10]))
local function time_of(field)
    local found = read(field, 0)
    return found <= longest and found or 0
end
local live, batch, held_until = time_of('live'), time_of('batch'), time_of('held_until')

local live_from, live_count = math.max(live, now - lateness), 0
if held_until <= now + ahead then
    local room = math.floor((now + ahead + early - live_from) * per_second) + 1
    live_count = math.max(0, math.min(wanted_live, room))
end
if live_count > 0 then live = live_from + live_count / per_second end

local batch_per_second = per_second * share
local batch_from = math.max(live, batch, held_until, now - lateness)
local room = math.floor((now + ahead - batch_from) * batch_per_second) + 1
local batch_count = math.max(0, math.min(wanted_batch, room))
if batch_count > 0 then
    batch = batch_from + batch_count / batch_per_second
    local last = batch_from + (batch_count - 1) / batch_per_second
    live = math.max(live + batch_count / per_second, last - lateness + 1 / per_second)
end
live, batch = math.min(live, spacing), math.min(batch, spacing)
write('live', exact(live), 'batch', exact(batch))
return {
    exact(now), live_count, exact(live_from), batch_count, exact(batch_from), exact(live), exact(batch),
    exact(held_until), exact(early), exact(per_second), exact(batch_per_second), read('version', 0), rate
}
"""
)

WRITE = (
    _STATE
    + """
if read('version', 0) ~= tonumber(ARGV[1]) then return 0 end
local nearer = tonumber(ARGV[6])
write(
    'version', tonumber(ARGV[1]) + 1, 'rate', ARGV[2], 'per_second', ARGV[3], 'held_until', ARGV[4], 'early', ARGV[5],
    'live', exact(now + (read('live', now) - now) * nearer), 'batch', exact(now + (read('batch', now) - now) * nearer)
)
return 1
"""
)
