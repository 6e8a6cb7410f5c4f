/*
 * The order of versions: a project has one of two schemes, each a total order (docs/resolver.md).
 *
 * natural  optional leading `v`; the numeric core compared group by group, missing groups are 0;
 * then no suffix > any suffix (1.0.0rc1 < 1.0.0); suffixes by dot-separated identifier, digit runs
 * as numbers (rc2 < rc10), and SemVer's rules where they agree. One of `- . _ ~` between core and
 *          suffix does not count: 1.0.0rc1, 1.0.0-rc1 and 1.0.0.rc1 rank alike.
 * semver   SemVer 2.0 precedence to the letter; other strings are not versions.
 *
 * A version's key is a byte string whose memcmp order (shorter is lower where one is the prefix of
 * the other, as PostgreSQL's bytea) is the version order; it is stored beside the version, so a
 * change of its layout needs a migration. Different texts may have one key (1.0 and 1.0.0): keys
 * tell which is higher, the text tells what is installed.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum version_scheme { VERSION_NATURAL, VERSION_SEMVER };
enum { VERSION_MAX = 128 /* characters */, VERSION_KEY_MAX = 512 /* bytes, enough for any text */ };

struct version_key {
	uint16_t size;
	uint8_t bytes[VERSION_KEY_MAX];
};

enum version_status {
	VERSION_OK,
	VERSION_EMPTY,
	VERSION_TOO_LONG,
	VERSION_BAD_CHARACTER, /* not printable ASCII, blank, or a dot at an end or beside another
				*/
	VERSION_NOT_SEMVER,
	VERSION_BUILD_METADATA, /* "+..." and the project has not opted in */
};

/* Build `key` of `text`; with build metadata allowed it takes no part in the order. */
enum version_status version_parse(enum version_scheme scheme, bool allow_build, const char *text,
				  struct version_key *key);

int version_compare(const struct version_key *a, const struct version_key *b); /* <0, 0, >0 */

const char *version_status_text(enum version_status status); /* for people */
