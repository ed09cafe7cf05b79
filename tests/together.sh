# together.sh: for the shell tests; sourced.  Many networks in one program, since a compiler takes most of its time for what they all have.

# one_program DIR NAMES COMMAND...: DIR/run, from the networks NAMES, each built with --main --prefix=NAME -o DIR/NAME, by COMMAND, a compiler and its
# flags, and what LINK names; main has the name ENTRY.  False: that failed; then each that can be built has a program of its own, so that one that cannot hides no other.
one_program() {
	one_dir=$1 one_names=$2 one_sources='' one_includes=''
	shift 2
	for one in $one_names; do
		one_sources="$one_sources $one_dir/$one/$one.c $one_dir/$one/${one}_main.c"
		one_includes="$one_includes -I$one_dir/$one"
	done
	rm -f "$one_dir/run" "$one_dir/run.log"
	# shellcheck disable=SC2086
	awk -v entry="${entry:-main}" -f "$top_srcdir/tests/together.awk" $one_sources >"$one_dir/run.c" &&
		"$@" $one_includes "$one_dir/run.c" ${link:-} -lm -o "$one_dir/run" && return 0
	rm -f "$one_dir/run"
	for one in $one_names; do
		"$@" ${entry:+-Dmain=$entry} -I"$one_dir/$one" "$one_dir/$one/$one.c" "$one_dir/$one/${one}_main.c" ${link:-} -lm -o "$one_dir/$one/run" >"$one_dir/$one/run.log" 2>&1
	done
	return 1
}

# run_network DIR NAME ARGUMENT...: the program of network NAME; RUNNER is an emulator.  What has no memory of its own is not asked for leaks, which
# takes longer than the network.
run_network() (
	ASAN_OPTIONS=detect_leaks=0
	export ASAN_OPTIONS
	if test -f "$1/run"; then
		one_dir=$1
		shift
		${runner:-} "$one_dir/run" "$@"
	else
		one=$1/$2
		shift 2
		cat "$one/run.log"
		${runner:-} "$one/run" "$@"
	fi
)

# input_of NET: type and shape of its input, and outputs_of NET: their names, of a network of tests/netgen.c.
input_of() {
	sed -n 's/^    input v0 : \([a-z0-9]*\)\[\([0-9, ]*\)\].*/\1 \2/p' "$1" | sed 's/, /,/g'
}
outputs_of() {
	sed -n 's/^    output \([a-z0-9]*\) .*/\1/p' "$1"
}
