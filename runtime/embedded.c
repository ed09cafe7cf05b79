#include <config.h>
#include <string.h>
#include "runtime/embedded.h"

const struct embedded *
embedded_find_in(const struct embedded *files, const char *name)
{
	for (const struct embedded *e = files; e->name; e++)
		if (!strcmp(e->name, name))
			return e;
	return NULL;
}

const struct embedded *
embedded_find(const char *name)
{
	return embedded_find_in(embedded_files, name);
}
