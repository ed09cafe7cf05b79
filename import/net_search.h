/* The search for statements that repeat, private to net_search.c, which finds windows that are alike, and net_choose.c, which decides which
 * of them become blocks and loops. */
#ifndef IMPORT_NET_SEARCH_H
#define IMPORT_NET_SEARCH_H
#include "import/net.h"

enum {
	NET_INPUTS = 6,        /* values that a block reads, at most, */
	NET_RESULTS = 2        /* and that it gives */
};

/* A window that occurs several times, without overlaps. */
struct net_candidate {
	size_t length;
	ARRAY(size_t) starts;
	uint64_t live;         /* which of its statements' results are read behind it */
	struct net_ports ports;
	int64_t width, saved;  /* columns: of the text as it is; less with the block, weighted */
	struct net_candidate *next;/* with the same form, modulo the table */
};

/* The window that begins at a statement. */
struct net_window {
	uint64_t form;
	struct tensor *in[NET_INPUTS]; /* what it reads from outside, in the order of reading */
	int nin;
	bool over;             /* it cannot grow */
};

struct net_search {
	struct net_writer *w;
	struct arena scratch;  /* of a round */
	struct net_item **items;
	size_t n;
	size_t *maker;         /* by the tensor's id: 1 + the statement that gives it; 0: none */
	size_t *last_read;     /* likewise the last that reads it; n: an output */
	struct net_window *windows;
	size_t length;         /* of the windows */
	struct net_candidate **table; /* by form */
	size_t table_size;
	ARRAY(struct net_candidate *) found;
};

/* A search among the statements of the network as it is; its scratch arena is the caller's to free. */
void net_search_init(struct net_search *, struct net_writer *);
/* Fills in found: all windows of two statements and more. */
void net_find_windows(struct net_search *);
/* Sets C's ports. */
void net_find_ports(struct net_search *, struct net_candidate *c);
#endif
