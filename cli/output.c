#include "cli/output.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

bool output_is_stdout(const char *file)
{
	return !file || strcmp(file, "-") == 0;
}

bool output_write(struct run *run, const char *file, output_fn *fn, void *context)
{
	if (output_is_stdout(file))
		return fn(run, context, stdout);
	const char *temporary = arena_printf(run->arena, "%s.part", file);
	FILE *sink = fopen(temporary, "we");

	if (!sink)
		return error_set(&run->err, ERR_INTERNAL, "%s: %s", temporary, strerror(errno));
	bool ok = fn(run, context, sink);

	if (fclose(sink) != 0 && ok)
		ok = error_set(&run->err, ERR_INTERNAL, "%s: %s", temporary, strerror(errno));
	if (ok && rename(temporary, file) == 0)
		return true;
	if (ok)
		error_set(&run->err, ERR_INTERNAL, "%s: %s", file, strerror(errno));
	unlink(temporary);
	return false;
}
