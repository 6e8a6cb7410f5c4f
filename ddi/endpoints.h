/* What the endpoints of the DDI share. Inside ddi/. */
#pragma once

#include <stdint.h>

#include "gateway/request.h"

struct catalog;
struct catalog_cohort;
struct catalog_key;

enum {
	PARAM_TENANT = 0,
	PARAM_DEVICE = 1,
	PARAM_ACTION = 2,  /* deploymentBase, cancelAction, installedBase */
	PARAM_PAYLOAD = 2, /* softwaremodules */
	PARAM_FILENAME = 3,
};

/* Who is asking: req->state of every request behind ddi_enter(). */
struct ddi_call {
	const struct catalog *catalog; /* held by the request */
	const struct catalog_key
		*key;     /* of the catalog; for a target token one that stands for none */
	const char *hash; /* of what was sent: the key or the token */
	bool by_token;    /* to be checked with the device, by caller_valid() */
	const char *caller, *project_id; /* for queries: the key's id or the token's hash */
	const char *device_id;
	void *answer;  /* of the endpoint, across its steps */
	int refreshed; /* how often a newer catalog was fetched for this request */
};

/* auth.c: authenticates, fills in the call, runs the handler; 401 otherwise. */
step_fn ddi_enter;
/*
 * Of a row with `authorized` and `device_id`: may the caller speak for the device, and is there
 * one? False: *out is the answer. Nobody without a right to know learns which devices there are.
 */
bool ddi_admits(struct request *req, const struct db_rows *rows, struct flow *out);
/*
 * The catalog is older than `generation`: fetch it, authenticate anew and run the handler again.
 * Answers 503 when it keeps changing under us.
 */
struct flow ddi_refresh(struct request *req);

step_fn ddi_poll;                                      /* poll.c */
step_fn ddi_deployment, ddi_installed;                 /* deployment.c */
step_fn ddi_feedback, ddi_cancel, ddi_cancel_feedback; /* feedback.c, cancel.c */
step_fn ddi_config_data;                               /* config_data.c */
step_fn ddi_artifact_list, ddi_artifact;               /* artifacts.c */

/* ---- Answers: reply.c ---- */

/* hawkBit's domain errors: status, errorCode and exceptionClass are one thing. */
enum ddi_problem {
	DDI_NOT_READABLE,     /* 400 the body, a number in the path or in the query */
	DDI_BAD_DEVICE_ID,    /* 400 an id that cannot register itself */
	DDI_BAD_ATTRIBUTE,    /* 400 configData: length of a key or value */
	DDI_NOT_FOUND,        /* 404 device, action, payload */
	DDI_NOT_ASSIGNED,     /* 404 a file that is not offered to this device now */
	DDI_NOT_CANCELABLE,   /* 405 cancel feedback for an action that is not canceling */
	DDI_TOO_MANY_ENTRIES, /* 429 attributes */
};
struct flow ddi_reply_problem(struct request *req, enum ddi_problem problem, const char *message);

/* Errors that come from below: the dialect of the area. */
struct flow ddi_reply_error(struct request *req, const struct error *err);

/* 200 with a document, as JSON or HAL JSON; ETag and 304 as hawkBit has them on GET. */
struct flow ddi_reply_document(struct request *req, json_t *document); /* takes `document` */
struct flow ddi_reply_text(struct request *req, const char *document);

/* An empty answer with hawkBit's headers: 200 to what was accepted, 401, 404, 410. */
struct flow ddi_reply_empty(struct request *req, int status);

/* May we answer a request with this Accept by JSON, and read its body? If not, `err` says so. */
bool ddi_negotiate(struct request *req, struct error *err);
