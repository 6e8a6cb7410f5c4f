/* Questions to whoever sits at the terminal. Asked on stderr, so that stdout has results only. */
#pragma once

#include <stdbool.h>

#include "cli/run.h"

enum answer { ANSWER_YES, ANSWER_NO, ANSWER_NONE };

/* Nothing but y and yes is yes. Without a terminal the answer may come on stdin, or not at all. */
enum answer ask_yes(const char *question);

/*
 * One line: from the terminal (without echo when it is a `secret`), or the first line of stdin when
 * that is none. A signal that ends or stops the command finds the terminal as it was. NULL: there
 * was none; run->err says so.
 */
const char *ask_line(struct run *run, const char *prompt, bool secret);
