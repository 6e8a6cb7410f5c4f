/* The handlers of the operator's API and the positions of the parameters in their patterns. */
#pragma once

#include "gateway/request.h"

enum { PARAM_PROJECT = 0, PARAM_UPLOAD = 1, PARAM_ARTIFACT = 1 };

/* auth.c: finds the caller, checks the role that the endpoint asks for, runs the handler. */
step_fn manage_enter;

/* call.c: calls the function of the schema that the endpoint names. */
step_fn manage_call;

/* uploads.c */
step_fn manage_upload_options, manage_upload_create, manage_upload_head, manage_upload_get;
step_fn manage_upload_patch, manage_upload_delete, manage_upload_override;

/* artifacts.c */
step_fn manage_artifact_put, manage_artifact_content;

/* forecast.c */
step_fn manage_matrix, manage_what_if;

/* inspect.c */
step_fn manage_inspect;

/* login.c */
step_fn manage_login, manage_logout, manage_me_password;

/* audit.c */
step_fn manage_audit_export;

/* server.c */
step_fn manage_server;

/* docs.c */
step_fn manage_openapi, manage_docs;
