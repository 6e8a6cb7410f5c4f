/*
 * What a .swu says of itself. Its first files are sw-description and, when it is signed,
 * sw-description.sig; nothing behind the first 3 MiB is read. The content is hostile: everything is
 * bounded.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct arena;
struct request;

/*
 * JSON to keep with the artifact: {"version", "hardware_versions", "hardware_compatibility",
 * "signed", "signer"}, each only when it is known. `signer` is the SHA-256 fingerprint, hex, of the
 * certificate whose signature (CMS) is right; whether it is to be trusted is for the project to
 * say. `hardware_versions` are the boards that the description has sections for;
 * `hardware_compatibility` are its revisions for all of them, without patterns. NULL: not a .swu,
 * or not one that we can read. Reads `fd` from where it stands.
 */
const char *swu_describe(struct arena *arena, int fd);

/* The same of an artifact in the store. */
const char *swu_describe_artifact(struct request *req, const char *sha256, int64_t size);
