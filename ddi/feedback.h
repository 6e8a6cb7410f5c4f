/* What the two feedback resources, of deployments and of cancellations, share. Inside ddi/. */
#pragma once

#include "gateway/db.h"

/* Read the body and hand it to `query`: feedback_add or cancel_feedback_add. */
struct flow feedback_store(struct request *req, enum query query, db_next_fn *next);

/* The answer to their outcomes accepted, unauthorized, no_device and no_deployment. */
struct flow feedback_reply(struct request *req, const char *outcome);
