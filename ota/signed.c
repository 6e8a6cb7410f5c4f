#include "ota/signed.h"

#include <inttypes.h>
#include <string.h>

#include "gateway/arena.h"
#include "gateway/request.h"
#include "gateway/secret.h"
#include "gateway/url.h"

static void sign(struct arena *arena, const char *secret, const struct signed_file *file,
		 const char *expires, char out[SECRET_HMAC_SIZE])
{
	const char *said = arena_printf(arena, "%s/%s/%s?%s", file->project, file->sha256,
					file->filename, expires);

	secret_hmac(secret, strlen(secret), said, out);
}

const char *signed_link(struct request *req, const char *secret, const struct signed_file *file,
			int64_t expires)
{
	const char *until = arena_printf(req->arena, "%" PRId64, expires);
	char signature[SECRET_HMAC_SIZE];

	sign(req->arena, secret, file, until, signature);
	return arena_printf(req->arena, "%s/api/v0/artifacts/%s/%s/%s?expires=%s&signature=%s",
			    request_base_url(req), file->project, file->sha256,
			    url_encode(req->arena, file->filename), until, signature);
}

bool signed_valid(struct arena *arena, const char *secret, const struct signed_file *file,
		  const char *expires, const char *signature)
{
	char wanted[SECRET_HMAC_SIZE];

	sign(arena, secret, file, expires, wanted);
	return secret_equal(wanted, signature);
}
