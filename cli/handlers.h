/* What each command of the table does; cmd_NAME.c has those of one kind of things. */
#pragma once

#include "cli/run.h"

typedef bool handler_fn(struct run *run);

handler_fn cmd_project_list, cmd_project_create, cmd_project_show, cmd_project_set;
handler_fn cmd_key_list, cmd_key_create, cmd_key_set, cmd_key_revoke;
handler_fn cmd_cohort_list, cmd_cohort_create, cmd_cohort_show, cmd_cohort_set, cmd_cohort_delete;
handler_fn cmd_device_list, cmd_device_show, cmd_device_register, cmd_device_move, cmd_device_retry;
handler_fn cmd_device_inspect, cmd_device_history, cmd_device_token, cmd_device_delete;
handler_fn cmd_release_list, cmd_release_create, cmd_release_show, cmd_release_delete;
handler_fn cmd_artifact_list, cmd_artifact_show, cmd_artifact_download, cmd_artifact_delete;
handler_fn cmd_payload_add, cmd_payload_list, cmd_payload_remove;
handler_fn cmd_activate, cmd_pull, cmd_stage, cmd_matrix;
handler_fn cmd_deployment_list, cmd_deployment_show;
handler_fn cmd_audit_list, cmd_audit_verify, cmd_audit_export;
handler_fn cmd_token_list, cmd_token_create, cmd_token_revoke;
handler_fn cmd_user_list, cmd_user_create, cmd_user_set, cmd_user_delete;
handler_fn cmd_login, cmd_logout, cmd_whoami;
handler_fn cmd_upload, cmd_admin_create;
handler_fn cmd_help, cmd_completion, cmd_complete;
