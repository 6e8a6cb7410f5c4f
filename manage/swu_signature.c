#include "manage/swu_signature.h"

#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/x509.h>

#include "gateway/hex.h"

/* Verifying costs time for each, and a second one would have no say. */
static bool has_one_signer(CMS_ContentInfo *cms)
{
	return sk_CMS_SignerInfo_num(CMS_get0_SignerInfos(cms)) == 1;
}

/* Right or not, by the certificate that it brings along; nobody's word is trusted here. */
static bool verify(CMS_ContentInfo *cms, BIO *text)
{
	return CMS_verify(cms, NULL, NULL, text, NULL,
			  CMS_DETACHED | CMS_BINARY | CMS_NO_SIGNER_CERT_VERIFY) == 1;
}

static bool fingerprint(CMS_ContentInfo *cms, char out[SWU_SIGNER_SIZE])
{
	STACK_OF(X509) *signers = CMS_get0_signers(cms);
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned size = 0;
	bool one = signers && sk_X509_num(signers) == 1 &&
		   X509_digest(sk_X509_value(signers, 0), EVP_sha256(), digest, &size) == 1;

	if (one)
		hex_encode(digest, size, out);
	sk_X509_free(signers);
	return one;
}

bool swu_signature_signer(const void *text, size_t size, const void *signature,
			  size_t signature_size, char out[SWU_SIGNER_SIZE])
{
	BIO *content = BIO_new_mem_buf(text, (int)size);
	BIO *encoded = BIO_new_mem_buf(signature, (int)signature_size);
	CMS_ContentInfo *cms = encoded ? d2i_CMS_bio(encoded, NULL) : NULL;
	bool known = content && cms && has_one_signer(cms) && verify(cms, content) &&
		     fingerprint(cms, out);

	CMS_ContentInfo_free(cms);
	BIO_free(encoded);
	BIO_free(content);
	ERR_clear_error();
	return known;
}
