/* The fields of the API's requests, by endpoint: fields_*.c by resource. Inside manage/. */
#pragma once

#include "manage/endpoint.h"

enum {
	FIELDS_PAGE_MAX = 1000,
	FIELDS_CURSOR_MAX = 1000,
	FIELDS_NAME_MAX = 100,
	FIELDS_TEXT_MAX = 20000,
	FIELDS_DEVICE_MAX = 256,    /* characters of a device's id */
	FIELDS_DEVICES_MAX = 100000 /* of one move or deletion */
};

/* Of every list. */
#define FIELDS_LIMIT                                                                      \
	{                                                                                 \
		.name = "limit", .type = FIELD_INTEGER, .min = 1, .max = FIELDS_PAGE_MAX, \
		.about = "Items of one page, 100 by default.", .example = "100"           \
	}
#define FIELDS_CURSOR                                                                     \
	{                                                                                 \
		.name = "cursor", .type = FIELD_TEXT, .min = 1, .max = FIELDS_CURSOR_MAX, \
		.about = "Where the page begins: `next` of the page before."              \
	}

/* Of a list that page_of_list() in the schema makes; `SORTS` has each order and, with "-", its
 * reverse. */
#define FIELDS_SORT(SORTS, about_)                                                  \
	{                                                                           \
		.name = "sort", .type = FIELD_WORD, .words = SORTS, .about = about_ \
	}
#define FIELDS_SEARCH(about_)                                                           \
	{                                                                               \
		.name = "search", .type = FIELD_LINE, .min = 1, .max = FIELDS_NAME_MAX, \
		.about = about_ " In upper or lower case."                              \
	}

extern const struct field fields_page[];

/* fields_project.c */
extern const struct field fields_project[], fields_project_change[], fields_project_list[];
extern const struct field fields_key[], fields_key_change[], fields_key_list[];
extern const struct field fields_cohort[], fields_cohort_change[], fields_cohort_list[];

/* fields_release.c */
extern const struct field fields_release[], fields_release_change[], fields_release_list[];
extern const struct field fields_payload[];
extern const struct field fields_activation[], fields_activation_list[];
extern const struct field fields_what_if[], fields_statistics[];
extern const struct field fields_statistics_deployments[];

/* fields_device.c */
extern const struct field fields_device_list[], fields_device[], fields_device_change[];
extern const struct field fields_device_move[], fields_device_delete[];
extern const struct field fields_device_deployments[], fields_deployment_list[], fields_cancel[];

/* fields_account.c */
extern const struct field fields_user[], fields_user_change[], fields_user_list[];
extern const struct field fields_token[], fields_token_list[];
extern const struct field fields_login[], fields_me_password[];
extern const struct field fields_audit[], fields_audit_export[], fields_audit_verify[];

/* fields_upload.c */
extern const struct field fields_tus[], fields_tus_create[], fields_tus_piece[],
	fields_tus_override[];
extern const struct field fields_artifact_list[], fields_range[];
