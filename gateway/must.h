/* Memory that has to be there: running out of it ends the process, and systemd restarts it. */
#pragma once

#include <stdlib.h>

/* `must(calloc(...))`: what it got, which is not NULL. */
static inline void *must(void *memory)
{
	if (!memory)
		abort();
	return memory;
}
