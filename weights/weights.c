/* What the readers of weight files share with their callers. */
#include <config.h>
#include "weights/element.h"
#include "weights/weights.h"

void
weight_file_close(struct weight_file *f)
{
	file_unmap(&f->map);
	*f = (struct weight_file){ 0 };
}

struct weight *
weight_find(const struct weight_file *f, name key)
{
	return f->by_name ? map_get(f->by_name, key) : NULL;
}

const void *
weight_data(struct arena *a, const struct weight *w, char *why, int size)
{
	return element_data(a, w->element, w->dtype, &w->shape, w->raw, why, size);
}

bool
npy_shape_fits(const struct shape *file, const struct shape *want)
{
	int i = 0, k = 0;

	while (i < file->rank && file->dim[i] == 1)
		i++;
	while (k < want->rank && want->dim[k] == 1)
		k++;
	if (file->rank - i != want->rank - k)
		return false;
	for (; i < file->rank; i++, k++) {
		if (file->dim[i] != want->dim[k])
			return false;
	}
	return true;
}
