#!/bin/sh
# speed.sh NETC: how long the code takes that netc writes for x86-64 processors, int8 and f32 with AVX2 and, where this machine has it, AVX-512, beside oneDNN
# (Debian's libdnnl-dev) where it is installed.
# Prints Markdown.  Every program runs ROUNDS (5) times in turn with its peer, on one core; the time of a run is the median of many inferences, that
# in the table the median of the rounds.  `make bench-speed` runs it; it is no test, since machines differ.
set -eu
netc=$1
: "${CC:=cc}" "${ROUNDS:=5}" "${top_srcdir:=.}"
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
pin=
command -v taskset >/dev/null && pin="taskset -c $(($(nproc) - 1))"
if chrt -f 50 true 2>/dev/null; then pin="chrt -f 50 $pin"; fi # other work on the machine keeps off, where that is allowed
peer=
if "$CC" -std=gnu11 -O2 "$top_srcdir/bench/peer_dnnl.c" -ldnnl -o "$tmp/peer" 2>/dev/null; then peer=$tmp/peer; fi

# What is timed: element type, chip, and the -march of all code.
type=i8 chip=x86-64-v3 march=x86-64-v3

# timed NAME FILE CHIP ARGUMENTS...: $tmp/NAME.CHIP, a program that prints milliseconds; "portable" is no chip.
timed() {
	name=$1 file=$2 on=$3 out=$tmp/$1.$3.d
	shift 3
	test "$on" = portable || set -- "$@" --chip "$top_srcdir/chips/$on.chip"
	"$netc" build "$file" --weights=split -o "$out" --quiet "$@"
	size() { sed -n "s/^#define [A-Za-z0-9_]*_$1_[A-Z0-9_]*_COUNT //p" "$out/$name.h" | head -n 1; }
	"$CC" -std=gnu11 -O2 -march=$march -w -I"$out" -DHEADER="\"$name.h\"" -DRUN="${name}_run" -DARENA="${name}_arena" \
		-DTYPE="$(test $type = i8 && echo int8_t || echo float)" -DIN="$(size IN)" -DOUT="$(size OUT)" "$out"/*.c "$top_srcdir/bench/time_net.c" -lm -o "$tmp/$name.$on"
}

median() {
	sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}

# row NAME WORDS PEER-ARGUMENTS: the table's line; PEER-ARGUMENTS empty: no peer runs it.
row() {
	: >"$tmp/ours" >"$tmp/portable" >"$tmp/theirs"
	for round in $(seq "$ROUNDS"); do
		$pin "$tmp/$1.$chip" >>"$tmp/ours"
		$pin "$tmp/$1.portable" >>"$tmp/portable"
		# shellcheck disable=SC2086
		test -z "$peer" || test -z "$3" || OMP_NUM_THREADS=1 $pin "$peer" $type $3 >>"$tmp/theirs"
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
	of_x="scale 0.05 zero -3" of_y=": scale 0.3 zero -128"
	test $type = i8 || of_x="" of_y=""
	printf 'net 1;\nweights random(7);\nnetwork %s {\n    input x : %s[%s] %s;\n    y = %s |> relu() %s;\n    output y;\n}\n' \
		"$1" $type "$3" "$of_x" "$4" "$of_y" >"$tmp/$1.net"
	timed "$1" "$tmp/$1.net" $chip
	timed "$1" "$tmp/$1.net" portable
	row "$1" "$2" "$5"
}

# network NAME
network() {
	name=$1
	test $type = i8 || name=$1_$type
	timed "$name" "$top_srcdir/examples/$1/$name.net" $chip --random-weights
	timed "$name" "$top_srcdir/examples/$1/$name.net" portable --random-weights
	row "$name" "$1" ""
}

# table NETWORK...: the layers, then these networks.
table() {
	echo "| $type | $chip, ms | oneDNN, ms | ratio | portable C, ms |"
	echo "|---|---|---|---|---|"
	layer A "1x1 14x14 2048->512" "14, 14, 2048" "conv2d(x, out = 512, kernel = 1x1)" "14 14 2048 512 1 1 1"
	layer B "3x3 7x7 2048->512" "7, 7, 2048" "conv2d(x, out = 512, kernel = 3x3, pad = same)" "7 7 2048 512 3 1 1"
	layer C "3x3 28x28 128->128" "28, 28, 128" "conv2d(x, out = 128, kernel = 3x3, pad = same)" "28 28 128 128 3 1 1"
	layer D "depthwise 3x3 56x56x64" "56, 56, 64" "dwconv2d(x, kernel = 3x3, pad = same)" "56 56 64 64 3 1 64"
	layer E "grouped(3) 1x1 28x28 240->240" "28, 28, 240" "conv2d(x, out = 240, kernel = 1x1, groups = 3)" "28 28 240 240 1 1 3"
	layer F "1x1 56x56 64->128" "56, 56, 64" "conv2d(x, out = 128, kernel = 1x1)" "56 56 64 128 1 1 1"
	layer G "3x3/2 224x224 3->32" "224, 224, 3" "conv2d(x, out = 32, kernel = 3x3, stride = 2x2, pad = same)" "224 224 3 32 3 2 1"
	for net; do network "$net"; done
	echo
}

table kws vww resnet8 ad
if grep -qw avx512_vnni /proc/cpuinfo 2>/dev/null && grep -qw avx512vl /proc/cpuinfo; then
	chip=x86-64-v4-vnni march="x86-64-v4 -mavx512vnni"
	table kws vww resnet8 ad
fi
type=f32 chip=x86-64-v3 march=x86-64-v3
table vww resnet8 ad
if grep -qw avx512vl /proc/cpuinfo 2>/dev/null; then
	chip=x86-64-v4 march=x86-64-v4
	table vww resnet8 ad
fi
