-- Tells TokenLedger what a request will cost at most, and when it is over, what it used: POST /v1/usage, or the release of its reservation when it used nothing.
-- Reports are made with the request's own key, after the answer and apart from it; they are repeated for about ten minutes, and written to the error log, whole, when they cannot be made.
local json = require "cjson.safe"

local ledger = {}
local settings
local largest_answer = 16 * 1024 * 1024
local most_tries = 60
local bytes_per_token = 4

-- addresses: { admission = "address:port", metering = "address:port" }
function ledger.setup(addresses)
    settings = addresses
end

local function number(value)
    return type(value) == "number" and value or nil
end

local function field(of, name)
    return type(of) == "table" and of[name] or nil
end

-- Before the ledger is asked: what the body asks for. Streams are asked for their usage in every chunk; what comes only because of that is taken out again.
function ledger.request()
    ngx.req.read_body()
    local body = ngx.req.get_body_data() or ""
    local asked = json.decode(body)
    local tally = { chunks = 0, bytes = 0, started = ngx.req.start_time(), input_estimate = math.ceil(#body / bytes_per_token) }
    ngx.ctx.tally = tally
    ngx.var.ledger_body_bytes = #body
    if type(asked) ~= "table" then return end
    local limit = number(asked.max_completion_tokens) or number(asked.max_tokens) or number(asked.max_output_tokens)
    if limit then ngx.var.ledger_max_output = string.format("%.0f", limit * math.max(1, number(asked.n) or 1)) end
    if ngx.var.uri == "/v1/embeddings" then ngx.var.ledger_max_output = 0 end
    if asked.stream == true and asked.stream_options == nil and ngx.var.uri ~= "/v1/responses" then
        tally.hides_usage = true
        ngx.req.set_body_data((body:gsub("{", '{"stream_options":{"include_usage":true,"continuous_usage_stats":true},', 1)))
    end
end

local function take_usage(tally, answer)
    local usage = field(answer, "usage") or field(field(answer, "response"), "usage")
    if type(usage) ~= "table" then return false end
    tally.input = number(usage.prompt_tokens) or number(usage.input_tokens) or tally.input
    tally.output = number(usage.completion_tokens) or number(usage.output_tokens) or tally.output or 0
    tally.cached = number(field(usage.prompt_tokens_details or usage.input_tokens_details, "cached_tokens")) or tally.cached
    tally.reasoning = number(field(usage.completion_tokens_details or usage.output_tokens_details, "reasoning_tokens")) or tally.reasoning
    return true
end

-- Reads a line of a stream. False when the client did not ask for it.
local function take_line(tally, line)
    local data = line:match("^data:%s*(.-)%s*$")
    if not data then return true end
    if data == "[DONE]" then
        tally.ended = true
        return true
    end
    local event = json.decode(data)
    if type(event) ~= "table" then return true end
    local kind = type(event.type) == "string" and event.type or ""
    if kind == "response.completed" or kind == "response.incomplete" or kind == "response.failed" then tally.ended = true end
    local told = take_usage(tally, event)
    local has_choice = field(event.choices, 1) ~= nil
    if has_choice or kind:find("%.delta$") then tally.chunks = tally.chunks + 1 end
    return not (tally.hides_usage and told and type(event.choices) == "table" and not has_choice)
end

-- While the answer passes: whole lines of a stream go on at once.
function ledger.chunk()
    local tally, piece, last = ngx.ctx.tally, ngx.arg[1], ngx.arg[2]
    if not tally or ngx.status ~= 200 then return end
    tally.bytes = tally.bytes + #piece
    tally.whole = last
    if not (ngx.header.content_type or ""):find("text/event-stream", 1, true) then
        tally.pieces = tally.pieces or {}
        if tally.bytes <= largest_answer then table.insert(tally.pieces, piece) end
        return
    end
    tally.streams = true
    local text, passed = (tally.rest or "") .. piece, {}
    local from = 1
    for line, next in text:gmatch("([^\n]*\n)()") do
        if take_line(tally, line) then table.insert(passed, line) end
        from = next
    end
    tally.rest = text:sub(from)
    if last then table.insert(passed, tally.rest) end
    ngx.arg[1] = table.concat(passed)
end

local function send(call)
    local host, port = call.address:match("^(.*):(%d+)$")
    local socket = ngx.socket.tcp()
    socket:settimeouts(2000, 5000, 10000)
    if not socket:connect(host, tonumber(port)) then return nil end
    socket:send({
        call.method, " ", call.path, " HTTP/1.1\r\nHost: ", call.address, "\r\nConnection: close\r\n", call.key,
        "Content-Type: application/cloudevents+json\r\nContent-Length: ", #call.body, "\r\n\r\n", call.body,
    })
    local line = socket:receive("*l")
    socket:close()
    return line and tonumber(line:match("^HTTP/1%.%d (%d%d%d)"))
end

-- A timer, so that no client waits for it. What is answered with 408, 429 or a 5xx, or not at all, is sent again.
local function deliver(premature, call, tries)
    local status = not premature and send(call) or nil
    if status and status < 500 and status ~= 408 and status ~= 429 then
        -- A release of what was not admitted, or has ended, is none.
        if status >= 400 and not (call.method == "DELETE" and (status == 404 or status == 409)) then ngx.log(ngx.ERR, "TokenLedger refused with ", status, ": ", call.method, " ", call.path, " ", call.body) end
        return
    end
    if not premature and tries < most_tries and ngx.timer.at(math.min(10, 0.1 * 2 ^ tries), deliver, call, tries + 1) then return end
    ngx.log(ngx.ERR, "TokenLedger was not told: ", call.method, " ", call.path, " ", call.body)
end

local function time(seconds)
    return os.date("!%Y-%m-%dT%H:%M:%S", seconds) .. string.format(".%03dZ", seconds % 1 * 1000)
end

-- What is to be told of a request that is over; nil when it used nothing.
local function usage_of(tally)
    if not tally.streams then
        local answer = tally.whole and tally.pieces and json.decode(table.concat(tally.pieces))
        -- Of an answer that was not passed on whole, or does not tell, the length says how much it was.
        if not take_usage(tally, answer) then tally.output = math.ceil(tally.bytes / bytes_per_token) end
        tally.ended = tally.whole
        if tally.bytes == 0 then return nil end
    elseif not tally.ended then
        tally.output = math.max(tally.output or 0, tally.chunks)
        if not tally.input and tally.output == 0 then return nil end
    end
    return {
        inputTokens = tally.input or tally.input_estimate, outputTokens = tally.output or tally.chunks, cachedInputTokens = tally.cached, reasoningTokens = tally.reasoning,
        outcome = tally.ended and "completed" or tally.whole and "failed" or "aborted", startedAt = time(tally.started), completedAt = time(ngx.now()),
    }
end

-- When the request is over, however it ended.
function ledger.done()
    local tally, hex = ngx.ctx.tally, ngx.var.request_id
    if not tally then return end
    -- A client that left while the ledger was asked has no answer of it; the id is nginx's own.
    local granted = ngx.var.ledger_request
    local id = granted and granted ~= "" and granted or hex:gsub("^(%x%x%x%x%x%x%x%x)(%x%x%x%x)(%x%x%x%x)(%x%x%x%x)(%x+)$", "%1-%2-%3-%4-%5")
    local authorization, key = ngx.var.http_authorization, ngx.var.http_x_api_key
    local call = { key = authorization and "Authorization: " .. authorization .. "\r\n" or "x-api-key: " .. (key or "") .. "\r\n", body = "" }
    local usage = (ngx.var.upstream_status or ""):match("200$") and usage_of(tally)
    if usage then
        call.address, call.method, call.path = settings.metering, "POST", "/v1/usage"
        call.body = json.encode({ specversion = "1.0", type = "tokenledger.tokens-consumed.v1", source = "nginx", id = id, subject = id, data = usage })
    else
        call.address, call.method, call.path = settings.admission, "DELETE", "/v1/admissions/" .. id
    end
    if not ngx.timer.at(0, deliver, call, 0) then deliver(true, call, 0) end
end

return ledger
