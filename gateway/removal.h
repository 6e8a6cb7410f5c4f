/*
 * Removes the files of the store that no project refers to any more.
 *
 * The schema notes which bytes a project gave up (artifact_gone); an hour after the last one did,
 * a gateway unlinks the file and forgets the note. An upload of the same bytes writes to the file,
 * or brings its own, before its row is made, and a file that was written to since an hour before
 * the rows were looked at stays. So a file whose row exists, or is about to, is never removed, by
 * none of the gateways that share a store; a crash leaves the note, and the next one goes on.
 */
#pragma once

struct worker;

/* Ask the database and remove what it names, some at a time. */
void removal_run(struct worker *worker);
