/* For those who run the gateway: /healthz (alive), /readyz (can serve), /metrics (Prometheus). */
#pragma once

#include "gateway/route.h"

extern const struct area health_area;
