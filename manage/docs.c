/* /api/v1/openapi.json, and /api/v1/docs: the same for people. */
#include "docs_page.h"
#include "manage/endpoints.h"
#include "manage/manage.h"
#include "manage/openapi.h"

/* The page is all in one, and asks nobody but us. */
static const char POLICY[] = "default-src 'none'; script-src 'unsafe-inline'; "
			     "style-src 'unsafe-inline'; connect-src 'self'; base-uri 'none'; "
			     "form-action 'none'; frame-ancestors 'none'";

struct flow manage_openapi(struct request *req)
{
	return reply_json(req, 200, openapi_document(manage_area.routes));
}

struct flow manage_docs(struct request *req)
{
	reply_header(req, "Content-Security-Policy", POLICY);
	reply_header(req, "X-Content-Type-Options", "nosniff");
	return reply_text(req, 200, "text/html; charset=utf-8", docs_page);
}
