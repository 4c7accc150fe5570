-- The same request again and again. Arguments after --: the body, then names and values of headers in turns.
function init(args)
    wrk.method = "POST"
    wrk.path = "/v1/chat/completions"
    wrk.body = args[1]
    for i = 2, #args, 2 do
        wrk.headers[args[i]] = args[i + 1]
    end
end

function done(summary, latency, requests)
    local e = summary.errors
    io.write(string.format('RESULT {"requests":%d,"microseconds":%d,"refused":%d,"broken":%d,"p50":%d,"p99":%d}\n',
        summary.requests, summary.duration, e.status, e.connect + e.read + e.write + e.timeout, latency:percentile(50), latency:percentile(99)))
end
