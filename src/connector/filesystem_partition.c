/* Partition columns as directories, in the forms of Flink and Hive: key=value, both escaped; a NULL
 * and an empty text have partition.default-name for a value.  Values are written as Java prints
 * them (true, 2024-01-01, 2024-01-01T07:00). */
#include "connector/filesystem_internal.h"

#include "data/time.h"

enum { PARTITION_NAME_MAX = 255 }; /* of Linux's file systems */

bool
sl_file_partition_type(const struct sl_type *type)
{
    switch (type->kind) {
    case SL_TYPE_CHAR:
    case SL_TYPE_VARCHAR:
    case SL_TYPE_BOOLEAN:
    case SL_TYPE_TINYINT:
    case SL_TYPE_SMALLINT:
    case SL_TYPE_INT:
    case SL_TYPE_BIGINT:
    case SL_TYPE_FLOAT:
    case SL_TYPE_DOUBLE:
    case SL_TYPE_DATE:
    case SL_TYPE_TIMESTAMP:
        return true;
    default:
        return false;
    }
}

static const char *
partition_default_name(const struct sl_option_list *options)
{
    union sl_option_value value;

    sl_file_option(options, "partition.default-name", &value);
    return value.string;
}

/* --- writing --- */

static void
partition_escape(struct sl_text text, struct sl_buffer *to)
{
    for (size_t i = 0; i < text.length; i++) {
        unsigned char c = (unsigned char)text.start[i];

        if (c < 0x20 || c == 0x7f || strchr("\"#%'*/:=?\\{[]^", c))
            sl_buffer_printf(to, "%%%02X", c);
        else
            sl_buffer_add_byte(to, (char)c);
    }
}

/* LocalDateTime.toString(): seconds only where there are some, fractions in groups of three. */
static void
partition_format_timestamp(int64_t us, struct sl_buffer *to)
{
    struct sl_value day = {.type = &sl_type_date};
    int64_t rest = us % SL_US_PER_DAY;
    int64_t second, micros;

    rest += rest < 0 ? SL_US_PER_DAY : 0;
    day.integer = (us - rest) / SL_US_PER_DAY;
    sl_value_format(&day, SL_FORM_FLINK, sl_zone_utc(), to);
    sl_buffer_printf(to, "T%02d:%02d", (int)(rest / SL_US_PER_HOUR),
                     (int)(rest / SL_US_PER_MINUTE % 60));
    second = rest / SL_US_PER_SECOND % 60;
    micros = rest % SL_US_PER_SECOND;
    if (second || micros)
        sl_buffer_printf(to, ":%02d", (int)second);
    if (micros % 1000)
        sl_buffer_printf(to, ".%06d", (int)micros);
    else if (micros)
        sl_buffer_printf(to, ".%03d", (int)(micros / 1000));
}

static void
partition_format(const struct sl_column *column, size_t row, struct sl_buffer *to)
{
    switch (column->type->kind) {
    case SL_TYPE_BOOLEAN:
        sl_buffer_add_string(to, ((const uint8_t *)column->values)[row] ? "true" : "false");
        break;
    case SL_TYPE_TIMESTAMP:
        partition_format_timestamp(((const int64_t *)column->values)[row], to);
        break;
    default:
        sl_column_format(column, row, SL_FORM_FLINK, sl_zone_utc(), to);
    }
}

void
sl_file_partition_prefix(const char *key, struct sl_buffer *to)
{
    partition_escape(sl_text_of(key), to);
    sl_buffer_add_byte(to, '=');
}

int
sl_file_aside(const struct sl_connector_config *config, const struct sl_sink_metadata *rows,
              size_t row, struct sl_buffer *to, struct sl_error *err)
{
    struct sl_buffer value;
    int rc = SL_OK;

    sl_buffer_init(&value, SIZE_MAX / 2);
    for (size_t i = 0; i < config->partition_by_count && rc == SL_OK; i++) {
        uint32_t index = config->partition_by[i];
        const struct sl_column *column = rows->batch->columns[index];
        size_t start;

        sl_buffer_reset(&value);
        if (!sl_column_is_null(column, row))
            partition_format(column, row, &value);
        if (value.length == 0)
            sl_buffer_add_string(&value, partition_default_name(config->options));
        if (i > 0)
            sl_buffer_add_byte(to, '/');
        start = to->length;
        sl_file_partition_prefix(config->physical->columns[index].name, to);
        partition_escape(sl_buffer_text(&value), to);
        if (to->length - start > PARTITION_NAME_MAX)
            rc = SL_ERROR(err, SL_E_LIMIT_EXCEEDED,
                          "the value of partition column \"%s\" makes a directory's name of %zu "
                          "bytes, longer than %d",
                          config->physical->columns[index].name, to->length - start,
                          PARTITION_NAME_MAX);
    }
    sl_buffer_done(&value);
    return rc;
}

/* --- reading --- */

static int
partition_hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static struct sl_text
partition_unescape(struct sl_arena *arena, struct sl_text text)
{
    char *bytes = sl_arena_alloc(arena, text.length + 1);
    size_t length = 0;

    for (size_t i = 0; i < text.length; i++) {
        int high =
            i + 2 < text.length && text.start[i] == '%' ? partition_hex(text.start[i + 1]) : -1;
        int low = high >= 0 ? partition_hex(text.start[i + 2]) : -1;

        if (low >= 0) {
            bytes[length++] = (char)(high << 4 | low);
            i += 2;
        } else {
            bytes[length++] = text.start[i];
        }
    }
    return (struct sl_text){bytes, length};
}

int
sl_file_partition_value(struct sl_arena *arena, const struct sl_option_list *options,
                        const struct sl_type *type, struct sl_text name, struct sl_value *ret_value,
                        struct sl_error *err)
{
    struct sl_text text = partition_unescape(arena, name);

    *ret_value = sl_value_null(type);
    if (sl_text_equal(text, sl_text_of(partition_default_name(options))))
        return SL_OK;
    if (type->kind == SL_TYPE_TIMESTAMP && text.length > 10 && text.start[10] == 'T')
        ((char *)(uintptr_t)text.start)[10] = ' '; /* the copy's */
    return sl_value_parse(arena, type, text, sl_zone_utc(), ret_value, err);
}
