/* The syntax tree as text, without locations: two trees are equal when their dumps are. */
#ifndef UNIT_DUMP_AST_H
#define UNIT_DUMP_AST_H
#include <stdio.h>
#include "parser/parse.h"

void dump_expr(FILE *, const struct ast_expr *);
void dump_file(FILE *, const struct ast_file *);
void dump_chip(FILE *, const struct ast_chip_file *);
#endif
