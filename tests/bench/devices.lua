-- wrk's part of ./dev bench: the devices of the fleet (fleet.sql) take turns, each sends one request.
--
-- wrk -s devices.lua URL -- poll|feedback KEY DEVICES THREADS FIRST
--
-- Their order jumps about the fleet and comes back to a device only after all others. FIRST is the
-- place in this order where a run begins. The last line of the output is JSON for load.py.

local STEP = 611953 -- a prime, so every device has its turn

local FEEDBACK = '{ "id": 1, "time": "20261122T091224", "status": { "result": { "progress": ' ..
	'{ "cnt" : 0, "of" : 1 }, "finished": "none" }, "execution": "proceeding", ' ..
	'"details" : [ "Installing Update Chunk Artifacts." ] } }'

local DEVICE = "/default/controller/v1/unit-%08x"
local HEADERS = " HTTP/1.1\r\nHost: localhost\r\nUser-Agent: libcurl/7.88.1\r\nAuthorization: GatewayToken %s\r\n"
local REQUESTS = { -- of SWUpdate; they are formats for the device's number and the key
	poll = "GET " .. DEVICE .. HEADERS .. "Accept: application/json\r\n\r\n",
	feedback = "POST " .. DEVICE .. "/deploymentBase/1/feedback" .. HEADERS ..
		"Content-Type: application/json\r\nContent-Length: " .. #FEEDBACK .. "\r\n\r\n" .. FEEDBACK,
}

local started = 0

function setup(thread)
	thread:set("number", started)
	started = started + 1
end

function init(args)
	form, key = REQUESTS[args[1]], args[2]
	devices, threads = tonumber(args[3]), tonumber(args[4])
	turn = tonumber(args[5]) + number
end

function request()
	local device = (turn * STEP) % devices

	turn = turn + threads
	return form:format((device * 2654435761) % 4294967296, key)
end

function done(summary, latency)
	local errors = summary.errors

	io.write(string.format('\n{"answers": %d, "seconds": %f, "failed": %d, "p50": %d, "p99": %d}\n',
		summary.requests, summary.duration / 1e6,
		errors.connect + errors.read + errors.write + errors.status + errors.timeout,
		latency:percentile(50), latency:percentile(99)))
end
