/* measure RUNS COMMAND...: run the command RUNS times after one warm-up, its output thrown away; print the median wall
 * time in seconds and the largest resident memory in KiB: "0.123 45678". */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double
seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static double
run(char *argv[], long *rss)
{
	struct rusage used;
	double start = seconds();
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		int null = open("/dev/null", O_WRONLY);
		dup2(null, 1);
		execvp(argv[0], argv);
		perror(argv[0]);
		_exit(127);
	}
	if (pid < 0 || wait4(pid, &status, 0, &used) < 0 || status != 0) {
		fprintf(stderr, "measure: '%s' failed\n", argv[0]);
		exit(EXIT_FAILURE);
	}
	if (used.ru_maxrss > *rss)
		*rss = used.ru_maxrss;
	return seconds() - start;
}

static int
ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

int
main(int argc, char *argv[])
{
	enum { MAX = 99 };
	double t[MAX];
	long rss = 0;
	int n = argc > 2 ? atoi(argv[1]) : 0;

	if (n < 1 || n > MAX) {
		fputs("usage: measure RUNS COMMAND...\n", stderr);
		return 2;
	}
	run(argv + 2, &rss);
	for (int i = 0; i < n; i++)
		t[i] = run(argv + 2, &rss);
	qsort(t, (size_t)n, sizeof *t, ascending);
	printf("%.3f %ld\n", t[n / 2], rss);
	return 0;
}
