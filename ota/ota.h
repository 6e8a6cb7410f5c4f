/*
 * The device side for everyone who does not speak hawkBit's DDI: what is the latest release for me?
 * The same resolver, the same answer. docs/ota.md describes it.
 */
#pragma once

#include "gateway/route.h"

extern const struct area ota_area;
