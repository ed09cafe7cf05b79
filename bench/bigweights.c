/* bigweights TYPE MIB DIR: write DIR/big.net and DIR/big.safetensors, a chain of dense layers of 2048 x 2048 with
 * about MIB MiB of f32 or i8 weights. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { N = 2048 };

static FILE *
create(const char *dir, const char *name)
{
	char path[4096];
	FILE *f;

	snprintf(path, sizeof path, "%s/%s", dir, name);
	f = fopen(path, "wb");
	if (!f) {
		perror(path);
		exit(EXIT_FAILURE);
	}
	return f;
}

static void
write_net(FILE *f, int layers, int is_f32)
{
	fprintf(f, "net 1;\nweights \"big.safetensors\";\n\nnetwork big {\n    input x : %s[%d]%s;\n    h = x;\n",
		is_f32 ? "f32" : "i8", N, is_f32 ? "" : " scale 0.05 zero 0");
	fprintf(f, "    repeat i in 1..%d {\n        h = dense(h, out = %d)%s as fc;\n    }\n    output y = h;\n}\n",
		layers, N, is_f32 ? "" : " : scale 0.05 zero 0");
}

static void
write_weights(FILE *f, int layers, int is_f32)
{
	size_t bytes = (size_t)N * N * (is_f32 ? 4 : 1), at = 0, len = 0;
	char *head = malloc((size_t)layers * 256 + 64);
	unsigned char size[8];
	uint32_t x = 1;

	head[len++] = '{';
	for (int i = 1; i <= layers; i++) {
		len += (size_t)sprintf(head + len, "%s\"fc[%d].weight\":{\"dtype\":\"%s\",\"shape\":[%d,%d],\"data_offsets\":[%zu,%zu]}",
			i > 1 ? "," : "", i, is_f32 ? "F32" : "I8", N, N, at, at + bytes);
		at += bytes;
		if (!is_f32) {
			len += (size_t)sprintf(head + len, ",\"fc[%d].weight_scale\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[%zu,%zu]}",
				i, at, at + 4);
			at += 4;
		}
	}
	head[len++] = '}';
	while (len % 8)
		head[len++] = ' ';
	for (int i = 0; i < 8; i++)
		size[i] = (unsigned char)((uint64_t)len >> (8 * i));
	fwrite(size, 1, 8, f);
	fwrite(head, 1, len, f);
	for (int i = 0; i < layers; i++) {
		for (size_t k = 0; k < (size_t)N * N; k++) {
			float v;

			x = x * 1664525u + 1013904223u;
			v = (float)((double)(int32_t)x / 2147483648.0 * 0.05);
			if (is_f32)
				fwrite(&v, 4, 1, f);
			else
				fputc((int)(x >> 24), f);
		}
		if (!is_f32) {
			float scale = 0.01f;
			fwrite(&scale, 4, 1, f);
		}
	}
	free(head);
}

int
main(int argc, char *argv[])
{
	int is_f32, layers;
	FILE *net, *weights;

	if (argc != 4) {
		fputs("usage: bigweights f32|i8 MIB DIR\n", stderr);
		return 2;
	}
	is_f32 = strcmp(argv[1], "f32") == 0;
	layers = atoi(argv[2]) / (is_f32 ? 16 : 4);
	net = create(argv[3], "big.net");
	weights = create(argv[3], "big.safetensors");
	write_net(net, layers, is_f32);
	write_weights(weights, layers, is_f32);
	return fclose(net) != 0 || fclose(weights) != 0;
}
