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
    if (algorithm == NULL || !EVP_DigestInit_ex2(context, algorithm, NULL) ||
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
hash_rows(struct sl_call *call, const char *name)
{
    /* Looked up once: a digest that is not fetched is looked up again by each of its uses. */
    EVP_MD *algorithm = EVP_MD_fetch(NULL, name, NULL);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    struct sl_heap_writer writer;

    sl_call_heap(call, &writer);
    SL_FOR_ROWS(call, row)
    {
        hash_row(call, &writer, context, row, algorithm);
    }
    EVP_MD_CTX_free(context);
    EVP_MD_free(algorithm);
}

#define HASH_KERNEL(name, algorithm)            \
    void sl_kernel_##name(struct sl_call *call) \
    {                                           \
        hash_rows(call, algorithm);             \
    }
HASH_KERNEL(md5, "MD5")
HASH_KERNEL(sha1, "SHA1")
HASH_KERNEL(sha224, "SHA224")
HASH_KERNEL(sha256, "SHA256")
HASH_KERNEL(sha384, "SHA384")
HASH_KERNEL(sha512, "SHA512")

static const struct {
    int32_t bits;
    const char *name;
} hash_lengths[] = {
    {224, "SHA224"}, {256, "SHA256"}, {384, "SHA384"}, {512, "SHA512"}, {0, "SHA256"}};

/* SHA2(text, bits): 0 is 256, as in Flink. */
void
sl_kernel_sha2(struct sl_call *call)
{
    EVP_MD *algorithms[SL_COUNT_OF(hash_lengths)];
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    struct sl_heap_writer writer;

    sl_call_heap(call, &writer);
    for (size_t i = 0; i < SL_COUNT_OF(hash_lengths); i++)
        algorithms[i] = EVP_MD_fetch(NULL, hash_lengths[i].name, NULL);
    SL_FOR_ROWS(call, row)
    {
        int32_t bits = sl_call_int(call, 1, row);
        size_t i = 0;

        while (i < SL_COUNT_OF(hash_lengths) && hash_lengths[i].bits != bits)
            i++;
        if (i < SL_COUNT_OF(hash_lengths))
            hash_row(call, &writer, context, row, algorithms[i]);
        else
            sl_call_fail(call, row, SL_E_INVALID_PARAMETER_VALUE,
                         "SHA2: %d bits are none of 224, 256, 384, 512", bits);
    }
    for (size_t i = 0; i < SL_COUNT_OF(hash_lengths); i++)
        EVP_MD_free(algorithms[i]);
    EVP_MD_CTX_free(context);
}
