/* The signature of a sw-description: CMS, detached, as SWUpdate has it. Inside manage/. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum { SWU_SIGNER_SIZE = 65 };

/*
 * The SHA-256 fingerprint of the certificate whose signature this is. False: the signature is not
 * right, is not CMS, or does not bring its certificate along.
 */
bool swu_signature_signer(const void *text, size_t size, const void *signature,
			  size_t signature_size, char out[SWU_SIGNER_SIZE]);
