#include "ota/signed.h"

#include <inttypes.h>
#include <string.h>

#include "gateway/arena.h"
#include "gateway/catalog.h"
#include "gateway/request.h"
#include "gateway/secret.h"
#include "gateway/url.h"

static void sign(struct arena *arena, const struct catalog *catalog, const char *sha256,
		 const char *filename, const char *expires, char out[SECRET_HMAC_SIZE])
{
	const char *said = arena_printf(arena, "%s/%s/%s?%s", catalog->slug, sha256, filename,
					expires);

	secret_hmac(catalog->url_secret, strlen(catalog->url_secret), said, out);
}

const char *signed_link(struct request *req, const struct catalog *catalog, const char *sha256,
			const char *filename, int64_t expires)
{
	const char *until = arena_printf(req->arena, "%" PRId64, expires);
	char signature[SECRET_HMAC_SIZE];

	sign(req->arena, catalog, sha256, filename, until, signature);
	return arena_printf(req->arena, "%s/api/v0/artifacts/%s/%s/%s?expires=%s&signature=%s",
			    request_base_url(req), catalog->slug, sha256,
			    url_encode(req->arena, filename), until, signature);
}

bool signed_valid(struct arena *arena, const struct catalog *catalog, const char *sha256,
		  const char *filename, const char *expires, const char *signature)
{
	char wanted[SECRET_HMAC_SIZE];

	sign(arena, catalog, sha256, filename, expires, wanted);
	return secret_equal(wanted, signature);
}
