/* simdjson's first stage: see json_index.h.  The second stage, from tokens to values, is ours
 * (format/json_decode.c, expr/json_document.c), because it knows which fields are wanted and writes
 * into columns; so one run of the first serves all records of a slab. */
#include "data/json_index.h"

#include <memory>
#include <simdjson.h>

struct sl_json_index {
    std::unique_ptr<simdjson::internal::dom_parser_implementation> parser;
};

extern "C" struct sl_json_index *
sl_json_index_new(size_t capacity)
{
    struct sl_json_index *index = new sl_json_index();
    const simdjson::implementation *implementation = simdjson::get_active_implementation();

    if (implementation->create_dom_parser_implementation(capacity, 1, index->parser))
        std::terminate(); /* out of memory */
    return index;
}

extern "C" void
sl_json_index_free(struct sl_json_index *index)
{
    delete index;
}

extern "C" const char *
sl_json_index_run(struct sl_json_index *index, const char *data, size_t length,
                  const uint32_t **ret_positions, size_t *ret_count)
{
    simdjson::internal::dom_parser_implementation *parser = index->parser.get();
    simdjson::error_code error;

    if (length > parser->capacity() && parser->set_capacity(length + length / 2))
        std::terminate(); /* out of memory */
    error = parser->stage1(reinterpret_cast<const uint8_t *>(data), length,
                           simdjson::stage1_mode::regular);
    switch (error) {
    case simdjson::SUCCESS:
        *ret_positions = parser->structural_indexes.get();
        *ret_count = parser->n_structural_indexes;
        return nullptr;
    case simdjson::EMPTY:
        return "there is no JSON in it";
    case simdjson::UTF8_ERROR:
        return "it is not UTF-8";
    case simdjson::UNCLOSED_STRING:
        return "a string does not end";
    case simdjson::UNESCAPED_CHARS:
        return "a string holds a control character";
    default:
        return "it cannot be parsed";
    }
}

bool
sl_json_is_utf8(const char *data, size_t length)
{
    return simdjson::validate_utf8(data, length);
}
