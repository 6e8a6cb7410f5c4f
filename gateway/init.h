/*
 * mewsd --init FILE: the first start of an installation.
 *
 * Migrates, then makes project `default` with a key for devices and an administrator's token,
 * unless it has some. Secrets are stored hashed, so they are shown once: on stdout and in FILE
 * (JSON, mode 0600). Run again, it changes nothing but the url in FILE. Blocking: a command, not
 * the daemon.
 */
#pragma once

struct config;

/* Exit status: 0; 1: failed, try again; 3: this binary does not belong to this database. */
int init_credentials(const struct config *config, const char *path);
