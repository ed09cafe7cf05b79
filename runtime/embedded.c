#include <config.h>
#include <string.h>
#include "runtime/embedded.h"

const struct embedded *
embedded_find(const char *name)
{
	for (const struct embedded *e = embedded_files; e->name; e++)
		if (!strcmp(e->name, name))
			return e;
	return NULL;
}
