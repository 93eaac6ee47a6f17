-- For wrk: sends the calls of a file in turn. A token of another file goes with each, and is used once.
-- arguments: the file of calls; the status that is right; the file of tokens, or nothing

local calls, tokens, used, turn = {}, nil, 0, 0
local wrong = 0

local function read_calls(name)
  local file = assert(io.open(name, "rb"))
  local path = file:read("*l")
  while true do
    local length = file:read("*l")
    if not length then break end
    calls[#calls + 1] = file:read(tonumber(length))
    file:read("*l")
  end
  file:close()
  return path
end

local threads = {}
function setup(thread)
  threads[#threads + 1] = thread
end

function init(arguments)
  wrk.method = "POST"
  wrk.headers["Content-Type"] = "application/json"
  wrk.path = read_calls(arguments[1])
  right = tonumber(arguments[2])
  answered_wrong = 0
  ran_out = 0
  if arguments[3] then
    tokens = {}
    for token in io.lines(arguments[3]) do tokens[#tokens + 1] = token end
  else
    for index, body in ipairs(calls) do calls[index] = wrk.format(nil, nil, nil, body) end
  end
end

function request()
  turn = turn % #calls + 1
  if not tokens then return calls[turn] end
  used = used + 1
  if used > #tokens then ran_out = ran_out + 1 end
  wrk.headers["Authorization"] = "Bearer " .. tokens[math.min(used, #tokens)]
  return wrk.format(nil, nil, nil, calls[turn])
end

function response(status)
  if status ~= right then answered_wrong = answered_wrong + 1 end
end

function done(summary, latency, requests)
  for _, thread in ipairs(threads) do
    wrong = wrong + thread:get("answered_wrong")
    if thread:get("ran_out") > 0 then wrong = wrong + thread:get("ran_out") end
  end
  local errors = summary.errors
  io.write(string.format(
    '\nresult {"requests":%d,"microseconds":%d,"p50":%d,"p99":%d,"wrong":%d,"failed":%d}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), wrong,
    errors.connect + errors.read + errors.write + errors.timeout))
end
