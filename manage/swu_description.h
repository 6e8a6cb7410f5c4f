/* sw-description: the part of it that concerns us. Inside manage/. */
#pragma once

#include <jansson.h>

/* {"version", "hardware_versions", "hardware_compatibility"} of a description, libconfig's format
 * or JSON. NULL: neither. */
json_t *swu_description_read(const char *text);
