/* Files: imports, and the file-level names that they and the main file define.
 *
 * An import brings the constants, blocks and schedules of a file, once, however often it is imported.  Its
 * networks, weights and tests are its own affair, so a network's file can be imported for its blocks. */
#include <config.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include "sema/build.h"

/* FILE as seen from the file that names it. */
static const char *
beside(struct sema *s, const struct source *source, const char *file)
{
	const char *dir = path_dir(s->arena, source->path);

	return strcmp(dir, ".") == 0 ? file : path_join(s->arena, dir, file);
}

const char *
load_data_path(struct sema *s, const char *file, struct loc loc)
{
	if (s->ctx->opts->weights_dir)
		return path_join(s->arena, s->ctx->opts->weights_dir, file);
	return beside(s, diag_source(s->diag, loc), file);
}

/* Names the files from the one that starts the loop to the one that closes it. */
static void
report_loop(struct sema *s, const struct loaded *up, const struct loaded *again, struct loc import)
{
	sema_error(s, import, "'%s' imports itself", again->source->path);
	for (; up != again; up = up->up)
		sema_note(s, up->import, "'%s' is imported here", up->source->path);
}

static int
import_depth(const struct loaded *up)
{
	int n = 0;

	for (; up; up = up->up)
		n++;
	return n;
}

static void
parse_import(struct sema *s, const char *path, const char *real, struct loaded *up, struct loc loc)
{
	const char *text;
	size_t len;
	const char *why = file_read(s->arena, path, &text, &len);
	const struct source *source = why ? NULL : diag_add_source(s->diag, path, text, len);

	if (!source) {
		sema_error(s, loc, "cannot import '%s': %s", path, why ? why : "all sources together exceed 2 GiB");
		s->import_failed = true;
		return;
	}
	struct parse_ctx ctx = { .arena = s->arena, .names = s->names, .diag = s->diag };

	load_file(s, parse_source(&ctx, source), real, up, loc);
}

static void
import(struct sema *s, const struct ast_item *item, struct loaded *up)
{
	char real[PATH_MAX];

	if (item->value->kind != EXPR_STRING) {
		if (item->value->kind != EXPR_ERROR)
			sema_error(s, item->value->loc, "import takes the file's name as a plain string");
		return;
	}
	if (import_depth(up) > IMPORT_DEPTH_MAX) {
		sema_error(s, item->loc, "imports nest deeper than %d files", IMPORT_DEPTH_MAX);
		return;
	}
	const char *path = beside(s, up->source, item->value->u.str.s);
	if (!realpath(path, real))
		snprintf(real, sizeof real, "%s", path); /* file_read says why */
	struct loaded *again = map_get(s->loaded, intern(s->names, real));
	if (!again)
		parse_import(s, path, real, up, item->loc);
	else if (!again->done)
		report_loop(s, up, again, item->loc);
}

static void
define_const(struct sema *s, const struct ast_item *item)
{
	struct value v = eval_const(s, item->value);
	const struct binding *old = scope_find_here(&s->file, item->name);

	if (old) {
		sema_error(s, item->name_loc, "constant '%s' is defined twice", item->name);
		sema_note(s, old->loc, "'%s' is defined here", item->name);
		return;
	}
	if (v.kind == VAL_TENSOR)
		v = VALUE_ERROR;
	scope_define(s, &s->file, item->name, v, item->name_loc)->constant = true;
}

static bool
is_callable(name called)
{
	enum op op;

	return op_lookup_callable(called, &op) || const_is_function(called) || source_is_function(called);
}

static bool
check_params(struct sema *s, const struct ast_item *block)
{
	int n = 0;

	for (const struct ast_arg *p = block->params; p; p = p->next) {
		if (++n > PARAMS_MAX) {
			sema_error(s, p->loc, "block '%s' has more than %d parameters", block->name, PARAMS_MAX);
			return false;
		}
		for (const struct ast_arg *q = block->params; q != p; q = q->next)
			if (p->key == q->key) {
				sema_error(s, p->key_loc, "block '%s' has two parameters '%s'", block->name, p->key);
				return false;
			}
	}
	return true;
}

static void
define_block(struct sema *s, const struct ast_item *item)
{
	const struct ast_item *old = map_get(s->blocks, item->name);

	if (!item->name)
		return;
	if (is_callable(item->name)) {
		sema_error(s, item->name_loc, "block '%s' has the name of an operation or function", item->name);
		return;
	}
	if (old) {
		sema_error(s, item->name_loc, "block '%s' is defined twice", item->name);
		sema_note(s, old->name_loc, "'%s' is defined here", item->name);
		return;
	}
	if (!check_params(s, item))
		return;
	map_put(s->blocks, item->name, (void *)item);
	ARRAY_PUSH(s->arena, s->block_names, item->name);
}

static void
check_version(struct sema *s, const struct ast_item *item)
{
	const struct ast_expr *e = item->value;

	if (e->kind == EXPR_ERROR || (e->kind == EXPR_INT && e->u.i == 1))
		return;
	sema_error(s, e->loc, "this netc reads version 1 of the language, not '%s'", e->text ? e->text : "this");
}

static void
load_item(struct sema *s, const struct ast_item *item, struct loaded *me)
{
	bool is_main = !me->up;

	switch (item->kind) {
	case ITEM_ERROR:
		break;
	case ITEM_VERSION:
		check_version(s, item);
		break;
	case ITEM_IMPORT:
		import(s, item, me);
		break;
	case ITEM_CONST:
		define_const(s, item);
		break;
	case ITEM_BLOCK:
		define_block(s, item);
		break;
	case ITEM_SCHEDULE:
		ARRAY_PUSH(s->arena, s->schedules, item);
		break;
	case ITEM_WEIGHTS:
		if (is_main)
			ARRAY_PUSH(s->arena, s->weights, item);
		break;
	case ITEM_NETWORK:
		if (is_main)
			ARRAY_PUSH(s->arena, s->networks, item);
		break;
	case ITEM_TEST:
		if (is_main)
			ARRAY_PUSH(s->arena, s->tests, item);
		break;
	}
}

void
load_file(struct sema *s, const struct ast_file *file, const char *real, struct loaded *up, struct loc import_loc)
{
	struct loaded *me = ARENA_NEW(s->arena, struct loaded);

	*me = (struct loaded){ .up = up, .source = file->source, .import = import_loc };
	map_put(s->loaded, intern(s->names, real), me);
	ARRAY_PUSH(s->arena, s->files, file);
	for (const struct ast_item *item = file->items; item; item = item->next)
		load_item(s, item, me);
	me->done = true;
}
