/* measure RUNS COMMAND...: run the command RUNS times after one warm-up, its output thrown away; print the least wall time
 * and the least processor time in seconds and the largest resident memory in KiB: "0.123 0.120 45678".  The least, since
 * whatever else a machine does can only add. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct cost {
	double wall, cpu; /* s */
	long rss;         /* KiB */
};

static double
seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static double
seconds_of(struct timeval t)
{
	return (double)t.tv_sec + (double)t.tv_usec * 1e-6;
}

static struct cost
run(char *argv[])
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
	return (struct cost){ seconds() - start, seconds_of(used.ru_utime) + seconds_of(used.ru_stime), used.ru_maxrss };
}

int
main(int argc, char *argv[])
{
	int n = argc > 2 ? atoi(argv[1]) : 0;

	if (n < 1) {
		fputs("usage: measure RUNS COMMAND...\n", stderr);
		return 2;
	}
	struct cost best = run(argv + 2);
	for (int i = 0; i < n; i++) {
		struct cost c = run(argv + 2);

		best.wall = c.wall < best.wall ? c.wall : best.wall;
		best.cpu = c.cpu < best.cpu ? c.cpu : best.cpu;
		best.rss = c.rss > best.rss ? c.rss : best.rss;
	}
	printf("%.3f %.3f %ld\n", best.wall, best.cpu, best.rss);
	return 0;
}
