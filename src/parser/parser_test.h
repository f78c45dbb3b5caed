/* The texts that parser_test.c runs through the parser: every form of every statement, with its
 * kind. */
#ifndef SL_PARSER_PARSER_TEST_H
#define SL_PARSER_PARSER_TEST_H

#include "parser/parser.h"

struct parser_form {
    enum sl_ast_kind kind;
    const char *text;
};

extern const struct parser_form parser_forms[];
extern const size_t parser_form_count;

#endif
