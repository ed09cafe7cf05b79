/* A hosted program around a network: NAME IN.npy... -o OUT.npy... [--repeat N] [--profile FILE] [--weights FILE].  Only what it needs of
 * the .npy format, and that strictly; messages on stderr, exit status 1 for an error and 2 for wrong usage. */
#ifndef _POSIX_C_SOURCE
#define _POSIX_C_SOURCE 200112L /* clock_gettime */
#endif
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { NN_RANK_MAX = 8, NN_RANK_OWN = 6 /* of a network */, NN_HEADER_MAX = 4096, NN_REPEAT_MAX = 10000000 };

/* An input or output of the network. */
struct nn_port {
	const char *name;
	const char *descr;   /* element type as .npy has it: "|i1" */
	int rank;
	const int32_t *dim;
	size_t count, size;  /* elements, bytes of one */
	void *data;
};

struct nn_net {
	const char *name, *network;      /* of the program, of the .net */
	const struct nn_port *in, *out;
	int nin, nout;
	int (*run)(const void *weights); /* 0 when all went well */
	size_t weights_bytes;            /* 0: they are in the code */
	size_t weights_align;            /* of their address */
	const char *const *layer_names;  /* NULL: compiled without profiling */
	double *layer_times;             /* microseconds so far, that runs add to */
	int layers;
};

struct nn_options {
	char **in, **out;
	int nin, nout;
	const char *weights, *profile;
	long repeat;
};

static int
nn_fail(const char *file, const char *why)
{
	fprintf(stderr, "%s: %s\n", file, why);
	return 1;
}

/* ---- reading .npy ---- */

static const char *
nn_skip(const char *p, const char *chars)
{
	return p + strspn(p, chars);
}

/* P after the header's entry KEY and its colon, or NULL. */
static const char *
nn_npy_entry(const char *header, const char *key)
{
	const char *p = strstr(header, key);

	if (p == NULL)
		return NULL;
	p = nn_skip(p + strlen(key), " ");
	return *p == ':' ? nn_skip(p + 1, " ") : NULL;
}

/* "(1, 49, 10, 1)" without its leading ones; the number of dimensions, or -1. */
static int
nn_npy_shape(const char *p, long *dim)
{
	int rank = 0;

	if (*p++ != '(')
		return -1;
	for (;;) {
		char *end;
		long n;

		p = nn_skip(p, " ");
		if (*p == ')')
			return rank;
		if (*p < '0' || *p > '9')
			return -1;
		errno = 0;
		n = strtol(p, &end, 10);
		if (errno != 0 || (rank == NN_RANK_MAX && n != 1))
			return -1;
		if (rank > 0 || n != 1)
			dim[rank++] = n;
		p = nn_skip(end, " ");
		if (*p == ',')
			p++;
		else if (*p != ')')
			return -1;
	}
}

/* A shape without its leading ones, as "[49, 10, 1]". */
static void
nn_print_shape(const long *dim, int rank)
{
	fputc('[', stderr);
	for (int i = 0; i < rank; i++)
		fprintf(stderr, "%s%ld", i > 0 ? ", " : "", dim[i]);
	fputc(']', stderr);
}

static int
nn_check_shape(const char *file, const struct nn_port *port, const char *header)
{
	long found[NN_RANK_MAX], wanted[NN_RANK_MAX];
	const char *entry = nn_npy_entry(header, "'shape'");
	int nfound = entry == NULL ? -1 : nn_npy_shape(entry, found), nwanted = 0;

	for (int i = 0; i < port->rank; i++)
		if (nwanted > 0 || port->dim[i] != 1)
			wanted[nwanted++] = port->dim[i];
	if (nfound < 0)
		return nn_fail(file, "the header has no valid shape");
	if (nfound == nwanted) {
		int i = 0;
		while (i < nfound && found[i] == wanted[i])
			i++;
		if (i == nfound)
			return 0;
	}
	fprintf(stderr, "%s: shape is ", file);
	nn_print_shape(found, nfound);
	fprintf(stderr, " but input '%s' is ", port->name);
	nn_print_shape(wanted, nwanted);
	fputs(" (leading ones left out)\n", stderr);
	return 1;
}

static int
nn_check_header(const char *file, const struct nn_port *port, const char *header)
{
	const char *descr = nn_npy_entry(header, "'descr'");
	const char *order = nn_npy_entry(header, "'fortran_order'");
	size_t n = strlen(port->descr);

	if (descr == NULL || order == NULL)
		return nn_fail(file, "the header lacks 'descr' or 'fortran_order'");
	if (*descr != '\'' || strncmp(descr + 1, port->descr, n) != 0 || descr[n + 1] != '\'') {
		fprintf(stderr, "%s: elements are %.8s but input '%s' needs '%s'\n", file, descr, port->name, port->descr);
		return 1;
	}
	if (strncmp(order, "False", 5) != 0)
		return nn_fail(file, "the array is not in C order");
	return nn_check_shape(file, port, header);
}

/* The header text of a file opened at its start; its length comes in 2 bytes, or 4 from version 2 on. */
static int
nn_read_header(const char *file, FILE *f, char *header)
{
	unsigned char head[12];
	size_t length;

	if (fread(head, 1, 10, f) != 10 || memcmp(head, "\x93NUMPY", 6) != 0)
		return nn_fail(file, "not a .npy file");
	if (head[6] < 1 || head[6] > 3)
		return nn_fail(file, "unknown version of the .npy format");
	length = (size_t)head[8] | (size_t)head[9] << 8;
	if (head[6] > 1) {
		if (fread(head + 10, 1, 2, f) != 2)
			return nn_fail(file, "the file is truncated");
		length |= (size_t)head[10] << 16 | (size_t)head[11] << 24;
	}
	if (length >= NN_HEADER_MAX)
		return nn_fail(file, "the header is too long");
	if (fread(header, 1, length, f) != length)
		return nn_fail(file, "the file is truncated");
	header[length] = '\0';
	return 0;
}

static int
nn_read_port(const char *file, const struct nn_port *port)
{
	char header[NN_HEADER_MAX];
	FILE *f = fopen(file, "rb");
	int status;

	if (f == NULL)
		return nn_fail(file, strerror(errno));
	status = nn_read_header(file, f, header);
	if (status == 0)
		status = nn_check_header(file, port, header);
	if (status == 0 && fread(port->data, port->size, port->count, f) != port->count)
		status = nn_fail(file, "the file is truncated");
	if (status == 0 && fgetc(f) != EOF)
		status = nn_fail(file, "bytes follow the array");
	fclose(f);
	return status;
}

/* ---- writing .npy ---- */

/* With the batch of 1 that other tools expect, unless the shape has as many dimensions as netc knows already. */
static int
nn_write_port(const char *file, const struct nn_port *port)
{
	char header[512];
	int n = snprintf(header, sizeof header, "{'descr': '%s', 'fortran_order': False, 'shape': (%s", port->descr,
		port->rank < NN_RANK_OWN ? "1, " : ""), bad;
	size_t length;
	unsigned char head[10] = { 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, 0, 0 };
	FILE *f = fopen(file, "wb");

	if (f == NULL)
		return nn_fail(file, strerror(errno));
	for (int i = 0; i < port->rank; i++)
		n += snprintf(header + n, sizeof header - (size_t)n, "%ld, ", (long)port->dim[i]);
	n += snprintf(header + n, sizeof header - (size_t)n, "), }");
	/* The elements begin at a multiple of 64; the header ends with a newline. */
	for (length = (size_t)n; (sizeof head + length + 1) % 64 != 0; length++)
		header[length] = ' ';
	header[length++] = '\n';
	head[8] = (unsigned char)(length & 0xff);
	head[9] = (unsigned char)(length >> 8);
	bad = fwrite(head, 1, sizeof head, f) != sizeof head || fwrite(header, 1, length, f) != length
		|| fwrite(port->data, port->size, port->count, f) != port->count;
	if (fclose(f) != 0 || bad) {
		nn_fail(file, strerror(errno));
		/* Nothing is better than half an array, but removing FILE could remove a device. */
		f = fopen(file, "wb");
		if (f != NULL)
			fclose(f);
		return 1;
	}
	return 0;
}

/* ---- weights, time, options ---- */

/* The whole of FILE, which must have SIZE bytes, at a multiple of ALIGN inside *BLOCK. */
static const void *
nn_read_weights(const char *file, size_t size, size_t align, void **block)
{
	unsigned char *p;
	FILE *f = fopen(file, "rb");

	if (f == NULL) {
		nn_fail(file, strerror(errno));
		return NULL;
	}
	*block = malloc(size + align);
	if (*block == NULL) {
		nn_fail(file, "out of memory");
		fclose(f);
		return NULL;
	}
	p = (unsigned char *)*block;
	p += (align - (uintptr_t)p % align) % align;
	if (fread(p, 1, size, f) != size || fgetc(f) != EOF) {
		nn_fail(file, "not the weights of this network: the size differs");
		p = NULL;
	}
	fclose(f);
	return p;
}

static double
nn_microseconds(void)
{
#ifdef CLOCK_MONOTONIC
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
#else
	return (double)clock() * (1e6 / (double)CLOCKS_PER_SEC);
#endif
}

static int
nn_compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static int
nn_measure(const struct nn_net *net, const void *weights, long repeat)
{
	double *times = (double *)malloc((size_t)repeat * sizeof(double));
	int status = 0;

	if (times == NULL)
		return nn_fail(net->name, "out of memory");
	for (long i = 0; i < repeat && status == 0; i++) {
		double start = nn_microseconds();
		status = net->run(weights);
		times[i] = nn_microseconds() - start;
	}
	if (status != 0) {
		fprintf(stderr, "%s: the network returned error %d\n", net->name, status);
		status = 1;
	} else if (repeat > 1) {
		qsort(times, (size_t)repeat, sizeof(double), nn_compare);
		printf("median %.3f us per inference (%ld runs)\n", times[repeat / 2], repeat);
	}
	free(times);
	return status;
}

/* The mean time of each layer, as netc report --profile reads it. */
static int
nn_write_profile(const char *file, const struct nn_net *net, long runs)
{
	FILE *f = fopen(file, "w");
	int bad;

	if (f == NULL)
		return nn_fail(file, strerror(errno));
	fprintf(f, "netc-profile 1\nnetwork %s\nunit us\nruns %ld\n", net->network, runs);
	for (int i = 0; i < net->layers; i++)
		fprintf(f, "layer %d %.3f %s\n", i, net->layer_times[i] / (double)runs, net->layer_names[i]);
	fputs("end\n", f);
	bad = ferror(f);
	if (fclose(f) != 0 || bad)
		return nn_fail(file, strerror(errno));
	return 0;
}

static int
nn_usage(const struct nn_net *net, FILE *f)
{
	fprintf(f, "usage: %s", net->name);
	for (int i = 0; i < net->nin; i++)
		fprintf(f, " %s.npy", net->in[i].name);
	fputs(" -o", f);
	for (int i = 0; i < net->nout; i++)
		fprintf(f, " %s.npy", net->out[i].name);
	fprintf(f, " [--repeat N]%s%s\n", net->layer_names != NULL ? " [--profile FILE]" : "",
		net->weights_bytes > 0 ? " [--weights FILE]" : "");
	return f == stdout ? 0 : 2;
}

/* 0 to go on, else the exit status plus one; "-o" is followed by as many files as there are outputs. */
static int
nn_parse_options(const struct nn_net *net, int argc, char **argv, struct nn_options *o)
{
	for (int i = 1; i < argc; i++) {
		char *end;

		if (strcmp(argv[i], "--help") == 0)
			return nn_usage(net, stdout) + 1;
		if (strcmp(argv[i], "-o") == 0) {
			if (o->out != NULL || argc - i - 1 < net->nout)
				return nn_usage(net, stderr) + 1;
			o->out = argv + i + 1;
			i += net->nout;
		} else if (strcmp(argv[i], "--repeat") == 0 && i + 1 < argc) {
			o->repeat = strtol(argv[++i], &end, 10);
			if (end == argv[i] || *end != '\0' || o->repeat < 1 || o->repeat > NN_REPEAT_MAX)
				return nn_usage(net, stderr) + 1;
		} else if (strcmp(argv[i], "--profile") == 0 && i + 1 < argc && net->layer_names != NULL) {
			o->profile = argv[++i];
		} else if (strcmp(argv[i], "--weights") == 0 && i + 1 < argc && net->weights_bytes > 0) {
			o->weights = argv[++i];
		} else if ((argv[i][0] == '-' && argv[i][1] != '\0') || o->nin == net->nin) {
			return nn_usage(net, stderr) + 1;
		} else {
			o->in[o->nin++] = argv[i];
		}
	}
	if (o->nin != net->nin || (o->out == NULL && o->profile == NULL && o->repeat == 1))
		return nn_usage(net, stderr) + 1;
	return 0;
}

/* NAME.bin in the directory of the program, or FILE. */
static const void *
nn_find_weights(const struct nn_net *net, const char *program, const char *file, void **block)
{
	const char *slash = strrchr(program, '/');
	size_t dir = slash == NULL ? 0 : (size_t)(slash - program) + 1, room = strlen(net->name) + 5;
	char *path;
	const void *weights;

	if (file != NULL)
		return nn_read_weights(file, net->weights_bytes, net->weights_align, block);
	path = (char *)malloc(dir + room);
	if (path == NULL) {
		nn_fail(net->name, "out of memory");
		return NULL;
	}
	memcpy(path, program, dir);
	snprintf(path + dir, room, "%s.bin", net->name);
	weights = nn_read_weights(path, net->weights_bytes, net->weights_align, block);
	free(path);
	return weights;
}

static int
nn_host(const struct nn_net *net, int argc, char **argv, struct nn_options *o)
{
	void *block = NULL;
	const void *weights = NULL;
	int status = nn_parse_options(net, argc, argv, o);

	if (status != 0)
		return status - 1;
	for (int i = 0; i < net->nin; i++)
		status |= nn_read_port(o->in[i], &net->in[i]);
	if (status == 0 && net->weights_bytes > 0) {
		weights = nn_find_weights(net, argv[0], o->weights, &block);
		status = weights == NULL;
	}
	if (status == 0)
		status = nn_measure(net, weights, o->repeat);
	if (status == 0 && o->profile != NULL)
		status = nn_write_profile(o->profile, net, o->repeat);
	free(block);
	for (int i = 0; i < net->nout && status == 0 && o->out != NULL; i++)
		status = nn_write_port(o->out[i], &net->out[i]);
	if (fflush(stdout) != 0)
		status = nn_fail("stdout", strerror(errno));
	return status;
}

static int
nn_host_main(const struct nn_net *net, int argc, char **argv)
{
	struct nn_options o = { NULL, NULL, 0, 0, NULL, NULL, 1 };
	int status;

	/* At least one, since malloc(0) may be NULL. */
	o.in = (char **)malloc(((size_t)net->nin + 1) * sizeof(char *));
	if (o.in == NULL)
		return nn_fail(net->name, "out of memory");
	status = nn_host(net, argc, argv, &o);
	free(o.in);
	return status;
}
