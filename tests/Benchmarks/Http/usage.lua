-- Batches of usage events, each of a request of its own. Arguments after --: events in a batch, the key, and eight hexadecimal digits that no other run has;
-- the program that measures has admitted the first requests of those.
local threads = 0

function setup(thread)
    thread:set("number", threads)
    threads = threads + 1
end

function init(args)
    size, prefix = tonumber(args[1]), args[3]
    headers = { ["Authorization"] = "Bearer " .. args[2], ["Content-Type"] = "application/cloudevents-batch+json" }
    last = 0
end

local function event()
    last = last + 1
    local id = string.format("%s-%04x-4000-8000-%012x", prefix, number, last)
    return '{"specversion":"1.0","type":"tokenledger.tokens-consumed.v1","source":"bench","id":"' .. id .. '","subject":"' .. id ..
        '","data":{"inputTokens":500,"cachedInputTokens":100,"outputTokens":150,"outcome":"completed","completedAt":"2026-01-01T00:00:00Z"}}'
end

function request()
    local events = {}
    for i = 1, size do events[i] = event() end
    return wrk.format("POST", "/v1/usage", headers, "[" .. table.concat(events, ",") .. "]")
end

function done(summary, latency, requests)
    local e = summary.errors
    io.write(string.format('RESULT {"requests":%d,"microseconds":%d,"refused":%d,"broken":%d,"p50":%d,"p99":%d}\n',
        summary.requests, summary.duration, e.status, e.connect + e.read + e.write + e.timeout, latency:percentile(50), latency:percentile(99)))
end
