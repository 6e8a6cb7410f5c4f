#include "manage/session.h"

#include <string.h>

#include "gateway/arena.h"

static const char NAME[] = "mews_session=";

const char *session_cookie(struct request *req)
{
	const char *at = request_header(req, "Cookie");

	while (at && *at) {
		at += strspn(at, "; ");
		size_t length = strcspn(at, ";");

		if (strncmp(at, NAME, strlen(NAME)) == 0)
			return arena_strndup(req->arena, at + strlen(NAME), length - strlen(NAME));
		at += length;
	}
	return NULL;
}

void session_set_cookie(struct request *req, const char *value, int seconds)
{
	bool https = strncmp(request_base_url(req), "https:", 6) == 0;

	reply_header(req, "Set-Cookie",
		     arena_printf(req->arena,
				  "%s%s; Path=/; Max-Age=%d; HttpOnly; SameSite=Strict%s", NAME,
				  value, seconds, https ? "; Secure" : ""));
}
