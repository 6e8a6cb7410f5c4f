#include "ddi/links.h"

#include <stdio.h>

#include "ddi/endpoints.h"
#include "gateway/arena.h"
#include "gateway/url.h"

enum {
	SPREAD = 5,   /* per cent */
	STEPS = 2001, /* of the spread: from -SPREAD to +SPREAD */
	MAX_SLEEP = 24 * 60 * 60 - 1,
};

const char *links_device(struct request *req)
{
	return arena_printf(req->arena, "%s%s/%s/controller/v1/%s", request_base_url(req),
			    req->match.mount, url_encode(req->arena, req->param[PARAM_TENANT]),
			    url_encode(req->arena, req->param[PARAM_DEVICE]));
}

int32_t links_revision(int64_t n, int64_t revision)
{
	uint32_t hash = 31 + (uint32_t)n;

	return (int32_t)(31 * (31 * hash + (uint32_t)revision) + 1237);
}

/* FNV-1a: any hash that spreads does. */
static uint32_t hash(const char *text)
{
	uint32_t value = 2166136261;

	for (; *text; text++)
		value = (value ^ (unsigned char)*text) * 16777619;
	return value;
}

void links_sleep(int interval, const char *device_id, char out[LINKS_SLEEP_SIZE])
{
	int64_t step = (int64_t)(hash(device_id) % STEPS) - STEPS / 2;
	int64_t seconds = interval + interval * SPREAD * step / (100 * (STEPS / 2));

	if (seconds < 1)
		seconds = 1;
	if (seconds > MAX_SLEEP)
		seconds = MAX_SLEEP;
	snprintf(out, LINKS_SLEEP_SIZE, "%02d:%02d:%02d", (int)(seconds / 3600),
		 (int)(seconds / 60 % 60), (int)(seconds % 60));
}
