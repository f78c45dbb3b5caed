/* Digests of libcrypto as lower-case hexadecimal.  One context serves all rows of a batch. */
#include "expr/kernels.h"

#include <openssl/evp.h>

static void
hash_row(struct sl_call *call, struct sl_heap_writer *writer, EVP_MD_CTX *context, size_t row,
         const EVP_MD *algorithm)
{
    struct sl_text text = sl_call_text(call, 0, row);
    char digest[EVP_MAX_MD_SIZE], *to;
    unsigned length = 0;

    /* Fails only without memory, or where a policy of the system forbids the algorithm. */
    if (!EVP_DigestInit_ex(context, algorithm, NULL) ||
        !EVP_DigestUpdate(context, text.start, text.length) ||
        !EVP_DigestFinal_ex(context, (unsigned char *)digest, &length)) {
        sl_call_fail(call, row, SL_E_NOT_SUPPORTED, "%s: this system's libcrypto refuses it",
                     call->expr->function->name);
        return;
    }
    to = sl_heap_writer_reserve(writer, length * 2);
    sl_hex_encode((struct sl_text){digest, length}, false, to);
    sl_call_end_text(call, writer, row, to, length * 2);
}

static void
hash_rows(struct sl_call *call, const EVP_MD *algorithm)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    struct sl_heap_writer writer;

    sl_call_heap(call, &writer);
    SL_FOR_ROWS(call, row)
    {
        hash_row(call, &writer, context, row, algorithm);
    }
    EVP_MD_CTX_free(context);
}

#define HASH_KERNEL(name)                       \
    void sl_kernel_##name(struct sl_call *call) \
    {                                           \
        hash_rows(call, EVP_##name());          \
    }
HASH_KERNEL(md5)
HASH_KERNEL(sha1)
HASH_KERNEL(sha224)
HASH_KERNEL(sha256)
HASH_KERNEL(sha384)
HASH_KERNEL(sha512)

/* 0 is 256, as in Flink; NULL: no such length. */
static const EVP_MD *
hash_of_length(int32_t bits)
{
    switch (bits) {
    case 224:
        return EVP_sha224();
    case 0:
    case 256:
        return EVP_sha256();
    case 384:
        return EVP_sha384();
    case 512:
        return EVP_sha512();
    default:
        return NULL;
    }
}

/* SHA2(text, bits) */
void
sl_kernel_sha2(struct sl_call *call)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    struct sl_heap_writer writer;

    sl_call_heap(call, &writer);
    SL_FOR_ROWS(call, row)
    {
        const EVP_MD *algorithm = hash_of_length(sl_call_int(call, 1, row));

        if (algorithm)
            hash_row(call, &writer, context, row, algorithm);
        else
            sl_call_fail(call, row, SL_E_INVALID_PARAMETER_VALUE,
                         "SHA2: %d bits are none of 224, 256, 384, 512", sl_call_int(call, 1, row));
    }
    EVP_MD_CTX_free(context);
}
