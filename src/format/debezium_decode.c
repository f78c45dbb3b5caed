/* A change as Debezium writes it, {"before":…,"after":…,"op":…}, to the rows that it makes.
 *
 * 1. The envelope is walked first, since "op" stands after the rows: only the places of the values
 * that count are kept.
 * 2. The rows that the op asks for are then read at their places. */
#include "format/json_decode.h"

enum debezium_field { FIELD_BEFORE, FIELD_AFTER, FIELD_OP, FIELD_PAYLOAD, FIELD_COUNT };

static const char *const debezium_names[FIELD_COUNT] = {"before", "after", "op", "payload"};

/* Where the tokens of the values are; NULL: the field is not there. */
struct debezium_envelope {
    const uint32_t *places[FIELD_COUNT];
};

static struct sl_text
debezium_text(struct json_decode_state *state, const struct sl_json_token *token)
{
    struct sl_text text = token->text;

    if (token->is_escaped) {
        char *copy = sl_arena_alloc_raw(&state->arena, text.length + 1);

        if (sl_json_unescape(text, copy, &text.length))
            text.start = copy;
    }
    return text;
}

static enum debezium_field
debezium_field_of(struct json_decode_state *state, const struct sl_json_token *key)
{
    struct sl_text name = debezium_text(state, key);
    int field = 0;

    while (field < FIELD_COUNT && !sl_text_equal(name, sl_text_of(debezium_names[field])))
        field++;
    return (enum debezium_field)field;
}

/* The object at the cursor, which then is behind it.  The last of two equal fields counts. */
static bool
debezium_walk(struct json_decode_state *state, struct sl_json_cursor *cursor,
              struct debezium_envelope *envelope)
{
    struct sl_json_token key;
    enum debezium_field field;

    memset(envelope, 0, sizeof(*envelope));
    state->reader.reason = "it is no valid JSON";
    cursor->at++;
    if (sl_json_peek(cursor) == '}') {
        cursor->at++;
        return true;
    }
    for (;;) {
        if (!sl_json_take_string(cursor, &key) || sl_json_peek(cursor) != ':')
            return false;
        cursor->at++;
        field = debezium_field_of(state, &key);
        if (field < FIELD_COUNT)
            envelope->places[field] = cursor->at;
        if (!sl_json_skip(cursor))
            return false;
        switch (sl_json_peek(cursor)) {
        case ',':
            cursor->at++;
            continue;
        case '}':
            cursor->at++;
            return true;
        default:
            return false;
        }
    }
}

/* The value of a field; false: it is null or not there.  The walk has seen that it ends. */
static bool
debezium_take(const struct sl_json_cursor *cursor, const uint32_t *place,
              struct sl_json_token *token)
{
    struct sl_json_cursor at = {cursor->data, place, cursor->end};

    return place && sl_json_take(&at, token) &&
           !(token->kind == 'a' && sl_text_equal(token->text, SL_TEXT("null")));
}

/* A field that is an object; with ignore-parse-errors anything else is NULL, as of a ROW. */
static bool
debezium_find_object(struct json_decode_state *state, const struct sl_json_cursor *cursor,
                     struct debezium_envelope *envelope, enum debezium_field field)
{
    struct sl_json_token token;

    if (!debezium_take(cursor, envelope->places[field], &token)) {
        envelope->places[field] = NULL;
        return true;
    }
    if (token.kind == '{')
        return true;
    envelope->places[field] = NULL;
    state->reader.reason =
        sl_arena_printf(&state->arena, "field \"%s\": it is no JSON object", debezium_names[field]);
    return state->reader.options->ignore_errors;
}

static bool
debezium_read_row(struct json_decode_state *state, const struct sl_json_cursor *cursor,
                  const struct debezium_envelope *envelope, enum debezium_field field,
                  enum sl_row_kind kind)
{
    struct sl_json_cursor at = {cursor->data, envelope->places[field], cursor->end};

    if (!sl_json_read_row(state, &at)) {
        state->reader.reason = sl_arena_printf(&state->arena, "field \"%s\": %s",
                                               debezium_names[field], state->reader.reason);
        return false;
    }
    state->kinds[state->row++] = (uint8_t)kind;
    return true;
}

static bool
debezium_has_before(struct json_decode_state *state, const struct debezium_envelope *envelope,
                    const char *operation)
{
    if (envelope->places[FIELD_BEFORE])
        return true;
    state->reader.reason = sl_arena_printf(
        &state->arena,
        "The \"before\" field of %s message is null, if you are using Debezium Postgres Connector, "
        "please check the Postgres table has been set REPLICA IDENTITY to FULL level.",
        operation);
    return false;
}

static bool
debezium_has_after(struct json_decode_state *state, const struct debezium_envelope *envelope,
                   const char *operation)
{
    if (!envelope->places[FIELD_AFTER])
        state->reader.reason =
            sl_arena_printf(&state->arena, "the \"after\" field of %s message is null", operation);
    return envelope->places[FIELD_AFTER] != NULL;
}

static bool
debezium_make_rows(struct json_decode_state *state, const struct sl_json_cursor *cursor,
                   const struct debezium_envelope *envelope, struct sl_text op)
{
    switch (op.length == 1 ? op.start[0] : '\0') {
    case 'c':
    case 'r':
        return debezium_has_after(state, envelope, op.start[0] == 'c' ? "CREATE" : "READ") &&
               debezium_read_row(state, cursor, envelope, FIELD_AFTER, SL_ROW_INSERT);
    case 'u':
        return debezium_has_before(state, envelope, "UPDATE") &&
               debezium_has_after(state, envelope, "UPDATE") &&
               debezium_read_row(state, cursor, envelope, FIELD_BEFORE, SL_ROW_UPDATE_BEFORE) &&
               debezium_read_row(state, cursor, envelope, FIELD_AFTER, SL_ROW_UPDATE_AFTER);
    case 'd':
        return debezium_has_before(state, envelope, "DELETE") &&
               debezium_read_row(state, cursor, envelope, FIELD_BEFORE, SL_ROW_DELETE);
    default:
        state->reader.reason =
            sl_arena_printf(&state->arena, "unknown \"op\" value \"%.*s\"; there are c, r, u and d",
                            (int)SL_MIN(op.length, (size_t)100), op.start);
        return false;
    }
}

/* Goes from the outer object to the one in "payload". */
static bool
debezium_enter_payload(struct json_decode_state *state, const struct sl_json_cursor *cursor,
                       struct debezium_envelope *envelope)
{
    struct sl_json_cursor at = {cursor->data, envelope->places[FIELD_PAYLOAD], cursor->end};
    struct sl_json_token token;

    if (debezium_take(cursor, at.at, &token) && token.kind == '{')
        return debezium_walk(state, &at, envelope);
    state->reader.reason = sl_arena_printf(
        &state->arena, "it has no \"payload\", which '%sschema-include' = 'true' asks for",
        state->reader.options->prefix);
    return false;
}

static bool
debezium_find_op(struct json_decode_state *state, const struct sl_json_cursor *cursor,
                 const struct debezium_envelope *envelope, struct sl_text *ret_op)
{
    struct sl_json_token token;

    if (debezium_take(cursor, envelope->places[FIELD_OP], &token)) {
        *ret_op = debezium_text(state, &token);
        return true;
    }
    state->reader.reason = "field \"op\" is missing";
    if (envelope->places[FIELD_PAYLOAD])
        state->reader.reason = sl_arena_printf(
            &state->arena,
            "field \"op\" is missing; '%sschema-include' = 'true' looks for it in \"payload\"",
            state->reader.options->prefix);
    return false;
}

bool
sl_debezium_read_rows(struct json_decode_state *state, struct sl_json_cursor *cursor)
{
    struct debezium_envelope envelope;
    struct sl_text op;

    if (!debezium_walk(state, cursor, &envelope))
        return false;
    if (state->reader.options->envelope == SL_JSON_DEBEZIUM_PAYLOAD &&
        !debezium_enter_payload(state, cursor, &envelope))
        return false;
    return debezium_find_op(state, cursor, &envelope, &op) &&
           debezium_find_object(state, cursor, &envelope, FIELD_BEFORE) &&
           debezium_find_object(state, cursor, &envelope, FIELD_AFTER) &&
           debezium_make_rows(state, cursor, &envelope, op);
}
