/* The fields of the API's requests, by endpoint. Inside manage/. */
#pragma once

#include "manage/endpoint.h"

extern const struct field fields_page[];
extern const struct field fields_release[], fields_release_change[], fields_payload[];
extern const struct field fields_activation[], fields_activation_list[];
extern const struct field fields_device_list[];
extern const struct field fields_what_if[];
