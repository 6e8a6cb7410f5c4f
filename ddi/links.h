/* The URLs that devices are sent to, all absolute (clients.md 4), and when they come back. */
#pragma once

#include "gateway/request.h"

/* ".../controller/v1/DEVICE", mount and tenant spelled as in the request, the id percent-encoded.
 */
const char *links_device(struct request *req);

/*
 * hawkBit's `c` of deploymentBase: opaque to clients, the same as long as the deployment's revision
 * is. The cancelAction link has none: SWUpdate appends "/feedback" to it.
 */
int32_t links_revision(int64_t n, int64_t revision);

enum { LINKS_SLEEP_SIZE = 9 };
/*
 * `interval` seconds as "HH:MM:SS", varied by up to 5 % so that a fleet spreads; the same device
 * always gets the same, so its poll answers stay the same, too.
 */
void links_sleep(int interval, const char *device_id, char out[LINKS_SLEEP_SIZE]);
