#!/bin/sh
# speed.sh NETC: how long the code takes that netc writes for x86-64 processors with AVX2, int8, beside oneDNN (Debian's libdnnl-dev) where it is installed.
# Prints Markdown.  Every program runs ROUNDS (5) times in turn with its peer, on one core; the time of a run is the median of many inferences, that
# in the table the median of the rounds.  `make bench-speed` runs it; it is no test, since machines differ.
set -eu
netc=$1
: "${CC:=cc}" "${ROUNDS:=5}" "${top_srcdir:=.}"
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
pin=
command -v taskset >/dev/null && pin="taskset -c $(($(nproc) - 1))"
peer=
if "$CC" -std=gnu11 -O2 "$top_srcdir/bench/peer_dnnl.c" -ldnnl -o "$tmp/peer" 2>/dev/null; then peer=$tmp/peer; fi

# timed NAME FILE CHIP ARGUMENTS...: $tmp/NAME.CHIP, a program that prints milliseconds; "portable" is no chip.
timed() {
	name=$1 file=$2 chip=$3 out=$tmp/$1.$3.d
	shift 3
	test "$chip" = portable || set -- "$@" --chip "$top_srcdir/chips/$chip.chip"
	"$netc" build "$file" --weights=split -o "$out" --quiet "$@"
	size() { sed -n "s/^#define [A-Za-z0-9_]*_$1_[A-Z0-9_]*_COUNT //p" "$out/$name.h" | head -n 1; }
	"$CC" -std=gnu11 -O2 -march=x86-64-v3 -w -I"$out" -DHEADER="\"$name.h\"" -DRUN="${name}_run" -DARENA="${name}_arena" \
		-DTYPE="${type:-int8_t}" -DIN="$(size IN)" -DOUT="$(size OUT)" "$out"/*.c "$top_srcdir/bench/time_net.c" -lm -o "$tmp/$name.$chip"
}

median() {
	sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}

# row NAME WORDS PEER-ARGUMENTS: the table's line; PEER-ARGUMENTS empty: no peer runs it.
row() {
	: >"$tmp/ours" >"$tmp/portable" >"$tmp/theirs"
	for round in $(seq "$ROUNDS"); do
		$pin "$tmp/$1.x86-64-v3" >>"$tmp/ours"
		$pin "$tmp/$1.portable" >>"$tmp/portable"
		# shellcheck disable=SC2086
		test -z "$peer" || test -z "$3" || OMP_NUM_THREADS=1 $pin "$peer" i8 $3 >>"$tmp/theirs"
	done
	ours=$(median <"$tmp/ours")
	if test -s "$tmp/theirs"; then
		theirs=$(median <"$tmp/theirs")
		ratio=$(awk -v a="$ours" -v b="$theirs" 'BEGIN { printf "%.2f", a / b }')
	else
		theirs="not installed, or none" ratio=""
	fi
	echo "| $2 | $ours | $theirs | $ratio | $(median <"$tmp/portable") |"
}

# layer NAME WORDS SHAPE LAYER PEER-ARGUMENTS
layer() {
	printf 'net 1;\nweights random(7);\nnetwork %s {\n    input x : i8[%s] scale 0.05 zero -3;\n    y = %s |> relu() : scale 0.3 zero -128;\n    output y;\n}\n' \
		"$1" "$3" "$4" >"$tmp/$1.net"
	timed "$1" "$tmp/$1.net" x86-64-v3
	timed "$1" "$tmp/$1.net" portable
	row "$1" "$2" "$5"
}

# network NAME
network() {
	timed "$1" "$top_srcdir/examples/$1/$1.net" x86-64-v3 --random-weights
	timed "$1" "$top_srcdir/examples/$1/$1.net" portable --random-weights
	row "$1" "$1" ""
}

echo "| int8 | x86-64-v3, ms | oneDNN, ms | ratio | portable C, ms |"
echo "|---|---|---|---|---|"
layer A "1x1 14x14 2048->512" "14, 14, 2048" "conv2d(x, out = 512, kernel = 1x1)" "14 14 2048 512 1 1 1"
layer B "3x3 7x7 2048->512" "7, 7, 2048" "conv2d(x, out = 512, kernel = 3x3, pad = same)" "7 7 2048 512 3 1 1"
layer C "3x3 28x28 128->128" "28, 28, 128" "conv2d(x, out = 128, kernel = 3x3, pad = same)" "28 28 128 128 3 1 1"
layer D "depthwise 3x3 56x56x64" "56, 56, 64" "dwconv2d(x, kernel = 3x3, pad = same)" "56 56 64 64 3 1 64"
layer E "grouped(3) 1x1 28x28 240->240" "28, 28, 240" "conv2d(x, out = 240, kernel = 1x1, groups = 3)" "28 28 240 240 1 1 3"
layer F "1x1 56x56 64->128" "56, 56, 64" "conv2d(x, out = 128, kernel = 1x1)" "56 56 64 128 1 1 1"
layer G "3x3/2 224x224 3->32" "224, 224, 3" "conv2d(x, out = 32, kernel = 3x3, stride = 2x2, pad = same)" "224 224 3 32 3 2 1"
for net in kws vww resnet8 ad; do network $net; done
