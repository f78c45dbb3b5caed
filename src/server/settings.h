/* Settings: the values of settings.def, of the server and of each session. */
#ifndef SL_SERVER_SETTINGS_H
#define SL_SERVER_SETTINGS_H

#include "base/buffer.h"
#include "base/option.h"

enum sl_setting_level {
    SL_SETTING_S, /* a session may change it */
    SL_SETTING_G, /* only the server's start */
    SL_SETTING_R, /* nobody */
};

/* The number of a setting; -1: there is none.  Names match without case. */
int sl_setting_find(struct sl_text name);
size_t sl_setting_count(void);
const struct sl_option_spec *sl_setting_spec(int index);
enum sl_setting_level sl_setting_level(int index);

/* One layer of values: those that are not set are NULL. */
struct sl_settings {
    char **values; /* by number, owned */
    const struct sl_settings
        *below; /* what holds where this layer has nothing; NULL: the defaults */
};

void sl_settings_init(struct sl_settings *settings, const struct sl_settings *below);
void sl_settings_done(struct sl_settings *settings);
const char *sl_settings_get(const struct sl_settings *settings, const char *name);
int64_t sl_settings_integer(const struct sl_settings *settings, const char *name);
bool sl_settings_boolean(const struct sl_settings *settings, const char *name);
/* Checks and keeps a value (NULL: unset).  42704 unknown, 22023 bad value, 55000 not changeable at
 * `level`. */
int sl_settings_set(struct sl_settings *settings, struct sl_text name, const char *value,
                    enum sl_setting_level level, struct sl_error *err);
/* "key = value" lines, # begins a comment; errors name the file and line. */
int sl_settings_read_file(struct sl_settings *settings, const char *path, struct sl_error *err);
/* What is not as by default of a session's settings that jobs are planned by, as such lines; and
 * back. */
void sl_settings_write(const struct sl_settings *settings, struct sl_buffer *to);
int sl_settings_read(struct sl_settings *settings, const char *lines, struct sl_error *err);
/* The commented file that `sluiced --print-config` prints. */
void sl_settings_write_sample(struct sl_buffer *to);

#endif
