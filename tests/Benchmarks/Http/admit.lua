-- Every request has an id of its own. Arguments after --: the mode (admit, or mixed: every second request settles an earlier one),
-- the key, and eight hexadecimal digits that no other run has.
local behind = 256
local threads = 0

function setup(thread)
    thread:set("number", threads)
    threads = threads + 1
end

function init(args)
    mixed = args[1] == "mixed"
    prefix = args[3]
    admission = { ["Authorization"] = "Bearer " .. args[2], ["Content-Type"] = "application/json" }
    usage = { ["Authorization"] = "Bearer " .. args[2], ["Content-Type"] = "application/cloudevents+json" }
    next, settled = 0, 0
end

local function id(n)
    return string.format("%s-%04x-4000-8000-%012x", prefix, number, n)
end

function request()
    if mixed and settled < next - behind then
        settled = settled + 1
        local one = id(settled)
        return wrk.format("POST", "/v1/usage", usage,
            '{"specversion":"1.0","type":"tokenledger.tokens-consumed.v1","source":"bench","id":"' .. one .. '","subject":"' .. one ..
            '","data":{"inputTokens":500,"outputTokens":150,"outcome":"completed","completedAt":"2026-01-01T00:00:00Z"}}')
    end
    next = next + 1
    return wrk.format("POST", "/v1/admissions", admission, '{"requestId":"' .. id(next) .. '","inputTokens":500,"maxOutputTokens":200,"workload":"chat"}')
end

function done(summary, latency, requests)
    local e = summary.errors
    io.write(string.format('RESULT {"requests":%d,"microseconds":%d,"refused":%d,"broken":%d,"p50":%d,"p99":%d}\n',
        summary.requests, summary.duration, e.status, e.connect + e.read + e.write + e.timeout, latency:percentile(50), latency:percentile(99)))
end
