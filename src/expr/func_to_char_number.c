/* TO_CHAR of numbers: PostgreSQL's templates of 9 0 . D , G, with FM, S, MI and PR.
 *
 * A template has as many columns as signs; digits in front that the number has not are blanks, or
 * zeros from the first 0 on.  The sign stands in a column of its own, right before the first digit.
 * A number that has more digits than the template shows as ###. */
#include "data/decimal.h"
#include "expr/kernels.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <strings.h>

#define NUMBER_COLUMNS_MAX 100

struct number_template {
    char columns[NUMBER_COLUMNS_MAX]; /* 9 0 . , */
    int count, whole, fraction;       /* digits before and behind the point */
    int first_zero;                   /* column of the first 0 before the point; count: none */
    int last_zero;                    /* fraction digits up to the last 0, kept by FM */
    bool fill, has_point;
    char sign; /* 0, S (before), s (behind), M (behind), m (before), P */
};

/* The letters at `at` that are no column; how many, 0: none of them. */
static size_t
number_read_word(const char *at, size_t left, struct number_template *template)
{
    if (left >= 2 && strncasecmp(at, "FM", 2) == 0) {
        template->fill = false;
        return 2;
    }
    if (left >= 2 && strncasecmp(at, "MI", 2) == 0) {
        template->sign = template->count ? 'M' : 'm';
        return 2;
    }
    if (left >= 2 && strncasecmp(at, "PR", 2) == 0) {
        template->sign = 'P';
        return 2;
    }
    if (toupper((unsigned char)*at) == 'S') {
        template->sign = template->count ? 's' : 'S';
        return 1;
    }
    return 0;
}

static void
number_add_column(struct number_template *template, char c)
{
    if (c == '.') {
        template->has_point = true;
    } else if (c == ',') {
        /* no digit */
    } else if (template->has_point) {
        template->fraction++;
        if (c == '0')
            template->last_zero = template->fraction;
    } else {
        template->whole++;
        if (c == '0' && template->first_zero == NUMBER_COLUMNS_MAX)
            template->first_zero = template->count;
    }
    template->columns[template->count++] = c;
}

/* False: it has what is not built. */
static bool
number_read_template(struct sl_text text, struct number_template *template)
{
    *template = (struct number_template){.fill = true, .first_zero = NUMBER_COLUMNS_MAX};
    for (size_t i = 0; i < text.length;) {
        size_t taken = number_read_word(text.start + i, text.length - i, template);
        char c = (char)toupper((unsigned char)text.start[i]);

        if (taken) {
            i += taken;
            continue;
        }
        c = c == 'D' ? '.' : c == 'G' ? ',' : c;
        if (!memchr("90.,", c, 4) || template->count == NUMBER_COLUMNS_MAX ||
            (c == '.' && template->has_point))
            return false;
        number_add_column(template, c);
        i++;
    }
    return true;
}

/* --- the number's digits --- */

/* The magnitude with this many fraction digits, as text; false: it is no number. */
static bool
number_digits(const struct sl_call *call, size_t row, int fraction, char *to, size_t size,
              bool *ret_negative)
{
    const struct sl_vector *arg = &call->args[0];
    const struct sl_type *type = arg->column->type;
    size_t at = row & arg->mask;
    sl_int128 value;
    double real;

    if (type->kind == SL_TYPE_DOUBLE || type->kind == SL_TYPE_FLOAT) {
        real = type->kind == SL_TYPE_DOUBLE ? ((const double *)arg->column->values)[at]
                                            : (double)((const float *)arg->column->values)[at];
        *ret_negative = real < 0;
        return isfinite(real) && fabs(real) < 1e100 &&
               snprintf(to, size, "%.*f", fraction, fabs(real)) < (int)size;
    }
    if (type->kind == SL_TYPE_DECIMAL)
        value = ((const sl_int128 *)arg->column->values)[at];
    else
        value = sl_column_integer(arg->column, at);
    *ret_negative = value < 0;
    if (!sl_decimal_rescale(value, type->kind == SL_TYPE_DECIMAL ? type->scale : 0, fraction,
                            &value))
        return false;
    *ret_negative &= value != 0; /* -0.001 is 0.00 */
    to[sl_decimal_format(value < 0 ? -value : value, fraction, to)] = '\0';
    return true;
}

/* --- layout --- */

static void
number_put_sign(struct sl_buffer *to, const struct number_template *template, bool is_negative)
{
    switch (template->sign) {
    case 'S':
        sl_buffer_add_byte(to, is_negative ? '-' : '+');
        break;
    case 'P':
        if (is_negative || template->fill)
            sl_buffer_add_byte(to, is_negative ? '<' : ' ');
        break;
    case 0:
        if (is_negative || template->fill)
            sl_buffer_add_byte(to, is_negative ? '-' : ' ');
        break;
    default:
        break;
    }
}

static void
number_put_end_sign(struct sl_buffer *to, const struct number_template *template, bool is_negative)
{
    if (template->sign == 's')
        sl_buffer_add_byte(to, is_negative ? '-' : '+');
    else if (template->sign == 'M' && (is_negative || template->fill))
        sl_buffer_add_byte(to, is_negative ? '-' : ' ');
    else if (template->sign == 'P' && (is_negative || template->fill))
        sl_buffer_add_byte(to, is_negative ? '>' : ' ');
}

/* The columns before the point: blanks, sign, digits. */
static void
number_put_whole(struct sl_buffer *to, const struct number_template *template, const char *digits,
                 int digit_count, bool is_negative)
{
    int missing = template->whole - digit_count, place = 0;
    bool begun = false;

    for (int i = 0; i < template->count && template->columns[i] != '.'; i++) {
        bool is_digit = template->columns[i] != ',';
        bool shows = is_digit ? place >= missing || i >= template->first_zero : begun;

        if (shows && !begun) {
            number_put_sign(to, template, is_negative);
            begun = true;
        }
        if (shows)
            sl_buffer_add_byte(to, !is_digit         ? ','
                                   : place < missing ? '0'
                                                     : digits[place - missing]);
        else if (template->fill)
            sl_buffer_add_byte(to, ' ');
        place += is_digit;
    }
    if (!begun)
        number_put_sign(to, template, is_negative);
}

static void
number_format(const struct number_template *template, const char *digits, bool is_negative,
              struct sl_buffer *to)
{
    int digit_count = (int)strcspn(digits, "."), kept = template->fraction;
    const char *fraction = digits[digit_count] ? digits + digit_count + 1 : "";
    bool overflows = false;

    while (!template->fill && kept > template->last_zero && fraction[kept - 1] == '0')
        kept--;
    /* A zero before the point needs no column when digits follow it. */
    if (digit_count == 1 && digits[0] == '0' && template->has_point && kept > 0)
        digit_count = 0;
    overflows = digit_count > template->whole;
    if (template->sign == 'm' && (is_negative || template->fill))
        sl_buffer_add_byte(to, is_negative ? '-' : ' ');
    if (overflows) {
        number_put_sign(to, template, is_negative);
        for (int i = 0; i < template->count; i++)
            sl_buffer_add_byte(to, template->columns[i] == '.'   ? '.'
                                   : template->columns[i] == ',' ? ','
                                                                 : '#');
        number_put_end_sign(to, template, is_negative);
        return;
    }
    number_put_whole(to, template, digits, digit_count, is_negative);
    if (template->has_point)
        sl_buffer_add_byte(to, '.');
    sl_buffer_add(to, fraction, (size_t)kept);
    number_put_end_sign(to, template, is_negative);
}

/* TO_CHAR(number, template) */
void
sl_kernel_to_char_number(struct sl_call *call)
{
    struct number_template template;
    struct sl_heap_writer writer;
    struct sl_buffer buffer;
    char digits[256];

    sl_call_heap(call, &writer);
    sl_buffer_init(&buffer, SIZE_MAX / 2);
    SL_FOR_ROWS(call, row)
    {
        bool is_negative = false;

        sl_buffer_reset(&buffer);
        if (!number_read_template(sl_call_text(call, 1, row), &template)) {
            sl_call_fail(call, row, SL_E_NOT_SUPPORTED,
                         "TO_CHAR: the template \"%s\" has more than 9 0 . D , G FM S MI PR",
                         sl_call_arg_text(call, 1, row));
            continue;
        }
        if (!number_digits(call, row, template.fraction, digits, sizeof(digits), &is_negative)) {
            sl_call_fail(call, row, SL_E_NUMERIC_OUT_OF_RANGE,
                         "TO_CHAR: %s does not fit the template \"%s\"",
                         sl_call_arg_text(call, 0, row), sl_call_arg_text(call, 1, row));
            continue;
        }
        number_format(&template, digits, is_negative, &buffer);
        sl_call_put_text(call, &writer, row, buffer.data ? buffer.data : "", buffer.length);
    }
    sl_buffer_done(&buffer);
}
