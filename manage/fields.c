#include "manage/fields.h"

const struct field fields_page[] = { FIELDS_LIMIT, FIELDS_CURSOR, { 0 } };
