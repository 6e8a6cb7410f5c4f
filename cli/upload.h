/*
 * Files to the server, by the tus 1.0 protocol (https://tus.io/protocols/resumable-upload).
 *
 * The SHA-256 goes first: the server keeps nothing that has another one. The file goes in pieces of
 * the server's size, each with a checksum of its own. When the line breaks, the server is asked how
 * far it got and the upload goes on there, until nothing has moved for two minutes.
 */
#pragma once

#include <stdbool.h>

#include "cli/run.h"

/* Is it a file that can be read? Standard input is none: size and SHA-256 go ahead of the content.
 */
bool upload_check(struct run *run, const char *path);

/* Read the whole file; *sha256 is hex. */
bool upload_digest(struct run *run, const char *path, const char **sha256);

/* `name`: what devices will call it. */
bool upload_file(struct run *run, const char *path, const char *name, const char *sha256);
