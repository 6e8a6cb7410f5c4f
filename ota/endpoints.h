/* The handlers of this side. Inside ota/. */
#pragma once

#include "gateway/request.h"

enum { PARAM_PROJECT = 0, PARAM_SHA256 = 1, PARAM_FILENAME = 2 };

step_fn ota_latest, ota_latest_url; /* latest.c */
step_fn ota_artifact;               /* artifact.c */
