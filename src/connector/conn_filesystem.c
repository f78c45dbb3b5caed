/* filesystem: files of lines in a directory, read and written; options and descriptor.  The parts
 * are in filesystem_*.c. */
#include "connector/filesystem_internal.h"
#include "connector/filesystem_parts.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <errno.h>
#include <stdlib.h>

#define NO_COMMIT "partitions are visible as soon as their files are"

const struct sl_option_spec sl_file_options[] = {
    {.name = "path",
     .type = SL_OPTION_STRING,
     .flags = SL_OPTION_REQUIRED,
     .help = "a file or a directory, absolute; file:// may stand before it"},
    {.name = "source.monitor-interval",
     .type = SL_OPTION_DURATION,
     .min = 1000,
     .max = INT64_MAX,
     .help = "how often new files are looked for; unset, the files that are there are read, then "
             "the table ends"},
    {.name = "source.path.regex-pattern",
     .type = SL_OPTION_STRING,
     .help = "files are read whose absolute path matches"},
    {.name = "source.report-statistics",
     .type = SL_OPTION_STRING,
     .flags = SL_OPTION_LATER,
     .help = "there is no use for them"},
    {.name = "partition.default-name",
     .type = SL_OPTION_STRING,
     .default_value = "__DEFAULT_PARTITION__",
     .help = "the partition of a NULL or an empty text"},
    {.name = "partition.time-extractor.*",
     .type = SL_OPTION_PREFIX,
     .flags = SL_OPTION_LATER,
     .help = NO_COMMIT},
    {.name = "sink.delivery-guarantee",
     .type = SL_OPTION_ENUM,
     .choices = "exactly-once|at-least-once|none",
     .default_value = "at-least-once",
     .help = "exactly-once needs checkpoints"},
    {.name = "sink.rolling-policy.file-size",
     .type = SL_OPTION_MEMORY,
     .default_value = "128 mb",
     .min = 1,
     .max = INT64_MAX,
     .help = "a part that has grown to this is closed"},
    {.name = "sink.rolling-policy.rollover-interval",
     .type = SL_OPTION_DURATION,
     .default_value = "30 min",
     .min = 1000,
     .max = INT64_MAX,
     .help = "a part is closed this long after its first row"},
    {.name = "sink.rolling-policy.inactivity-interval",
     .type = SL_OPTION_DURATION,
     .default_value = "30 min",
     .min = 1000,
     .max = INT64_MAX,
     .help = "a part is closed this long after its last row"},
    {.name = "sink.rolling-policy.check-interval",
     .type = SL_OPTION_DURATION,
     .default_value = "1 min",
     .min = 1000,
     .max = INT64_MAX,
     .help = "how often the two intervals are looked at"},
    {.name = "sink.partition-commit.*",
     .type = SL_OPTION_PREFIX,
     .flags = SL_OPTION_LATER,
     .help = NO_COMMIT},
    {.name = "sink.shuffle-by-partition.enable",
     .type = SL_OPTION_STRING,
     .flags = SL_OPTION_LATER,
     .help = "each subtask writes parts of its own into every partition"},
    {.name = "auto-compaction",
     .type = SL_OPTION_STRING,
     .flags = SL_OPTION_LATER,
     .help = "sink.rolling-policy.* decides how large files are"},
    {.name = "compaction.*",
     .type = SL_OPTION_PREFIX,
     .flags = SL_OPTION_LATER,
     .help = "sink.rolling-policy.* decides how large files are"},
};
const size_t sl_file_option_count = SL_COUNT_OF(sl_file_options);

const struct sl_metadata_spec sl_file_metadata[] = {
    [SL_FILE_PATH] = {"file.path", &sl_type_string, false},
    [SL_FILE_NAME] = {"file.name", &sl_type_string, false},
    [SL_FILE_SIZE] = {"file.size", &sl_type_bigint, false},
    [SL_FILE_TIME] = {"file.modification-time", &sl_type_timestamp_ltz3, false},
};
const size_t sl_file_metadata_count = SL_COUNT_OF(sl_file_metadata);

const char *
sl_file_path(const struct sl_option_list *options)
{
    const char *path = sl_option_get(options, "path");

    return strncmp(path, "file://", 7) == 0 ? path + 7 : path;
}

bool
sl_file_option(const struct sl_option_list *options, const char *name,
               union sl_option_value *ret_value)
{
    return sl_option_read(sl_file_options, sl_file_option_count, options, name, ret_value);
}

int
sl_file_error(const char *what, const char *path, struct sl_error *err)
{
    int code = errno == ENOENT ? SL_E_UNDEFINED_OBJECT : errno == ENOSPC ? SL_E_DISK_FULL : SL_E_IO;

    return SL_ERROR(err, code, "cannot %s %s: %s", what, path, strerror(errno));
}

static int
file_check(const struct sl_option_list *options, const struct sl_schema *schema,
           struct sl_error *err)
{
    const struct sl_option *pattern = sl_option_find(options, "source.path.regex-pattern");
    pcre2_code *code;
    PCRE2_SIZE at;
    int error;

    if (sl_file_path(options)[0] != '/') {
        SL_ERROR(err, SL_E_INVALID_PARAMETER_VALUE,
                 "option \"path\" does not take the value \"%s\"", sl_option_get(options, "path"));
        return sl_error_hint(err, "expected: an absolute path");
    }
    if (!pattern)
        return SL_OK;
    code = pcre2_compile((PCRE2_SPTR)pattern->value, PCRE2_ZERO_TERMINATED, 0, &error, &at, NULL);
    pcre2_code_free(code);
    if (code)
        return SL_OK;
    SL_ERROR(err, SL_E_INVALID_REGEXP,
             "\"source.path.regex-pattern\" is no regular expression: \"%s\"", pattern->value);
    return sl_error_at(err, pattern->value_offset);
}

static bool
file_is_bounded(const struct sl_option_list *options)
{
    return sl_option_get(options, "source.monitor-interval") == NULL;
}

const struct sl_connector_class sl_conn_filesystem = {
    .descriptor = {.name = "filesystem",
                   .abilities = SL_ABILITY_SOURCE | SL_ABILITY_SINK | SL_ABILITY_PARTITIONS |
                                SL_ABILITY_EXACTLY_ONCE,
                   .options = sl_file_options,
                   .option_count = SL_COUNT_OF(sl_file_options),
                   .metadata = sl_file_metadata,
                   .metadata_count = SL_COUNT_OF(sl_file_metadata),
                   .check = file_check,
                   .is_bounded = file_is_bounded,
                   .partition_type = sl_file_partition_type},
    .source = &sl_file_source_class,
    .sink = &sl_file_sink_class,
    .publisher = &sl_file_publisher_class,
    .aside = sl_file_aside,
    .forget = sl_file_forget,
};
