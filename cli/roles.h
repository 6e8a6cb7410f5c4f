/* What people and tokens may be. */
#pragma once

extern const char *const ROLES[]; /* ends with NULL */
