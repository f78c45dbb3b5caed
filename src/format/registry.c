/* The formats of this server: formats.def decides. */
#include "format/format.h"

#include <stdio.h>
#include <stdlib.h>

#define FORMAT(stem) extern const struct sl_format_class sl_fmt_##stem;
#include "format/formats.def"
#undef FORMAT

static const struct sl_format_class *const registry_classes[] = {
#define FORMAT(stem) &sl_fmt_##stem,
#include "format/formats.def"
#undef FORMAT
};

const struct sl_format_class *
sl_format_find(const char *name)
{
    for (size_t i = 0; i < SL_COUNT_OF(registry_classes); i++)
        if (strcmp(registry_classes[i]->descriptor.name, name) == 0)
            return registry_classes[i];
    return NULL;
}

size_t
sl_formats_init(const struct sl_format_descriptor **to, size_t max)
{
    SL_ASSERT(SL_COUNT_OF(registry_classes) <= max);
    for (size_t i = 0; i < SL_COUNT_OF(registry_classes); i++) {
        const struct sl_format_class *class = registry_classes[i];

        SL_ASSERT(class->descriptor.name != NULL);
        SL_ASSERT(!class->descriptor.reads ||
                  (class->decoder_open && class->decode && class->decoder_close));
        SL_ASSERT(!class->descriptor.writes ||
                  (class->encoder_open && class->encode && class->encoder_close));
        to[i] = &class->descriptor;
    }
    return SL_COUNT_OF(registry_classes);
}

const char *
sl_format_option(const struct sl_format_config *config,
                 const struct sl_format_descriptor *descriptor, const char *name)
{
    char key[256];
    const char *value;

    snprintf(key, sizeof(key), "%s%s", config->prefix ? config->prefix : "", name);
    value = sl_option_get(config->options, key);
    for (size_t i = 0; i < descriptor->option_count && !value; i++)
        if (strcmp(descriptor->options[i].name, name) == 0)
            value = descriptor->options[i].default_value;
    return value;
}

int
sl_decoder_new(const struct sl_format_class *class, const struct sl_format_config *config,
               struct sl_decoder **ret_decoder, struct sl_error *err)
{
    struct sl_decoder *decoder = sl_alloc_zeroed(class->decoder_size);
    int rc;

    decoder->class = class;
    decoder->config = config;
    rc = class->decoder_open(decoder, err);
    if (rc < 0) {
        sl_decoder_free(decoder);
        return rc;
    }
    *ret_decoder = decoder;
    return SL_OK;
}

void
sl_decoder_free(struct sl_decoder *decoder)
{
    if (!decoder)
        return;
    decoder->class->decoder_close(decoder);
    free(decoder);
}

int
sl_encoder_new(const struct sl_format_class *class, const struct sl_format_config *config,
               struct sl_encoder **ret_encoder, struct sl_error *err)
{
    struct sl_encoder *encoder = sl_alloc_zeroed(class->encoder_size);
    int rc;

    encoder->class = class;
    encoder->config = config;
    rc = class->encoder_open(encoder, err);
    if (rc < 0) {
        sl_encoder_free(encoder);
        return rc;
    }
    *ret_encoder = encoder;
    return SL_OK;
}

void
sl_encoder_free(struct sl_encoder *encoder)
{
    if (!encoder)
        return;
    encoder->class->encoder_close(encoder);
    free(encoder);
}

void
sl_encoded_init(struct sl_encoded *encoded)
{
    *encoded = (struct sl_encoded){0};
    sl_buffer_init(&encoded->data, SIZE_MAX / 2);
}

void
sl_encoded_done(struct sl_encoded *encoded)
{
    sl_buffer_done(&encoded->data);
    free(encoded->offsets);
    free(encoded->is_null);
    *encoded = (struct sl_encoded){0};
}

void
sl_encoded_reset(struct sl_encoded *encoded)
{
    sl_buffer_reset(&encoded->data);
    encoded->count = 0;
    encoded->keys = NULL;
}

void
sl_encoded_end_record(struct sl_encoded *encoded)
{
    if (encoded->count + 2 > encoded->capacity) {
        encoded->capacity = encoded->capacity ? encoded->capacity * 2 : 1024;
        encoded->offsets =
            sl_realloc(encoded->offsets, encoded->capacity * sizeof(*encoded->offsets));
        encoded->is_null =
            sl_realloc(encoded->is_null, encoded->capacity * sizeof(*encoded->is_null));
    }
    encoded->offsets[0] = 0;
    encoded->is_null[encoded->count] = false;
    encoded->offsets[++encoded->count] = (uint32_t)encoded->data.length;
}

void
sl_encoded_end_null(struct sl_encoded *encoded)
{
    sl_encoded_end_record(encoded);
    encoded->is_null[encoded->count - 1] = true;
}
