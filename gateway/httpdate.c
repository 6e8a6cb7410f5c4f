#include "gateway/httpdate.h"

#include <string.h>
#include <time.h>

/* The daemon never calls setlocale(), so names of days and months are English. */
static const char FORMAT[] = "%a, %d %b %Y %H:%M:%S GMT";

void httpdate_format(int64_t seconds, char out[HTTPDATE_SIZE])
{
	time_t when = (time_t)seconds;
	struct tm tm;

	if (!gmtime_r(&when, &tm) || !strftime(out, HTTPDATE_SIZE, FORMAT, &tm))
		out[0] = '\0';
}

bool httpdate_parse(const char *text, int64_t *seconds)
{
	struct tm tm;

	memset(&tm, 0, sizeof(tm));
	const char *end = strptime(text, FORMAT, &tm);
	if (!end || *end)
		return false;
	*seconds = (int64_t)timegm(&tm);
	return true;
}
