/*
 * hawkBit's Direct Device Integration API, v1: what SWUpdate, rauc-hawkbit-updater and others
 * speak. docs/ddi.md describes it and lists where we differ on purpose.
 */
#pragma once

#include "gateway/route.h"

extern const struct area ddi_area;
