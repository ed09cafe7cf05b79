# lib.sh: for the shell tests; sourced.  TAP lines and the flags that generated C must satisfy.

# The contract of the generated C: docs/generated-code.md.
CONTRACT='-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wstrict-prototypes -Werror'
CXX_CONTRACT='-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror'

tmp=$(mktemp -d) || exit 99
trap 'rm -rf "$tmp"' EXIT
LC_ALL=C
export LC_ALL
test_number=0
test_start=$(date +%s)
test_failed=0

# report STATUS NAME [LOG]: one TAP line; LOG is shown when STATUS is not 0.  TIMES=1 says before each how long all took so far.
report() {
	test -z "${TIMES:-}" || took
	test_number=$((test_number + 1))
	if test "$1" = 0; then
		echo "ok $test_number - $2"
	else
		test_failed=1
		test -z "${3:-}" || sed 's/^/# /' "$3"
		echo "not ok $test_number - $2"
	fi
}

# check NAME COMMAND...: run it, its output shown only on failure.
check() {
	check_name=$1
	shift
	"$@" >"$tmp/check.log" 2>&1
	report $? "$check_name" "$tmp/check.log"
}

skip() {
	test_number=$((test_number + 1))
	echo "ok $test_number - $1 # SKIP $2"
}

have() {
	command -v "$1" >/dev/null 2>&1
}

# What the test took: seconds of processors, its own and of all it ran, and of the clock.
took() {
	times >"$tmp/times"
	awk -v wall=$(($(date +%s) - test_start)) '{ for (k = 1; k <= 2; k++) { split($k, part, "m"); cpu += 60 * part[1] + part[2] } }
		END { printf "# took: %.1f s of processors, %d s\n", cpu, wall }' "$tmp/times"
}

finish() {
	took
	echo "1..$test_number"
	exit 0
}
