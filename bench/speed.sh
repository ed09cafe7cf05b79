#!/bin/sh
# speed.sh NETC [DIR]: how long the code takes that netc writes for x86-64 processors, int8 and f32 with AVX2 and, where this machine has it, AVX-512, beside its peers: layers
# beside oneDNN (Debian's libdnnl-dev, where it is installed), networks beside ONNX Runtime (of npm, installed into DIR, where npm can; it runs what `netc export` writes).
# "of peak" is the share of the multiply-accumulates that one core can do in that time, by a loop of nothing else (peak.c).
# Prints Markdown.  Every program runs ROUNDS (5) times in turn with its peer, on one core; the time of a run is the median of many inferences, that
# in the table the median of the rounds.  `make bench-speed` runs it; it is no test, since machines differ.
set -eu
netc=$1 dir=${2:-}
: "${CC:=cc}" "${ROUNDS:=5}" "${top_srcdir:=.}"
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
pin=
command -v taskset >/dev/null && pin="taskset -c $(($(nproc) - 1))"
if chrt -f 50 true 2>/dev/null; then pin="chrt -f 50 $pin"; fi # other work on the machine keeps off, where that is allowed
peer=
if "$CC" -std=gnu11 -O2 "$top_srcdir/bench/peer_dnnl.c" -ldnnl -o "$tmp/peer" 2>/dev/null; then peer=$tmp/peer; fi
onnx=
if test -n "$dir" && command -v node >/dev/null && command -v npm >/dev/null; then
	mkdir -p "$dir"
	test -f "$dir/package.json" || echo '{ "private": true }' >"$dir/package.json"
	test -d "$dir/node_modules/onnxruntime-node" ||
		npm install --prefix "$dir" --ignore-scripts --no-audit --no-fund --loglevel=error onnxruntime-node@1.30.0 >"$dir/npm.log" 2>&1 || :
	test ! -d "$dir/node_modules/onnxruntime-node" || onnx="env NODE_PATH=$dir/node_modules $pin node $top_srcdir/bench/peer_ort.js"
fi

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

# share MACS MILLISECONDS: how much of the core's peak that is.
share() {
	awk -v m="$1" -v t="$2" -v p="$peak" 'BEGIN { printf "%.0f %%", 100 * m / 1e6 / t / p }'
}

# row NAME WORDS MACS PEER...: the table's line; without PEER, a command that prints milliseconds, nothing runs it here.
row() {
	name=$1 words=$2 macs=$3
	shift 3
	: >"$tmp/ours" >"$tmp/portable" >"$tmp/theirs"
	for round in $(seq "$ROUNDS"); do
		$pin "$tmp/$name.$chip" >>"$tmp/ours"
		test $# = 0 || "$@" >>"$tmp/theirs"
		$pin "$tmp/$name.portable" >>"$tmp/portable"
	done
	ours=$(median <"$tmp/ours")
	if test -s "$tmp/theirs"; then
		theirs=$(median <"$tmp/theirs")
		ratio=$(awk -v a="$ours" -v b="$theirs" 'BEGIN { printf "%.2f", a / b }')
	else
		theirs="not installed" ratio=""
	fi
	echo "| $words | $ours | $(share "$macs" "$ours") | $theirs | $ratio | $(median <"$tmp/portable") |"
}

# layer NAME WORDS SHAPE LAYER PEER-ARGUMENTS
layer() {
	of_x="scale 0.05 zero -3" of_y=": scale 0.3 zero -128"
	test $type = i8 || of_x="" of_y=""
	printf 'net 1;\nweights random(7);\nnetwork %s {\n    input x : %s[%s] %s;\n    h = %s |> relu() %s;\n    y = %s;\n    output y;\n}\n' \
		"$1" $type "$3" "$of_x" "$4" "$of_y" "${6:-h}" >"$tmp/$1.net"
	timed "$1" "$tmp/$1.net" $chip
	timed "$1" "$tmp/$1.net" portable
	macs=$(echo "$5" | awk '{ h = int(($1 + $6 - 1) / $6); w = int(($2 + $6 - 1) / $6); printf "%.0f", h * w * $4 * $3 / $7 * $5 * $5 }')
	# shellcheck disable=SC2086
	if test -n "$peer"; then row "$1" "$2" "$macs" env OMP_NUM_THREADS=1 $pin "$peer" $type $5; else row "$1" "$2" "$macs"; fi
}

# network NAME
network() {
	net=$1
	test $type = i8 || net=$1_$type
	timed "$net" "$top_srcdir/examples/$1/$net.net" $chip --random-weights
	timed "$net" "$top_srcdir/examples/$1/$net.net" portable --random-weights
	macs=$("$netc" report "$top_srcdir/examples/$1/$net.net" --random-weights | awk '$1 == "MACs" { gsub(",", "", $2); print $2; exit }')
	# shellcheck disable=SC2086
	if test -n "$onnx" && "$netc" export "$top_srcdir/examples/$1/$net.net" --random-weights -o "$tmp/$net.onnx" -q >/dev/null 2>&1; then
		row "$net" "$1" "$macs" $onnx "$tmp/$net.onnx"
	else
		row "$net" "$1" "$macs"
	fi
}

# table NETWORK...: the layers, then these networks.
table() {
	# shellcheck disable=SC2086
	"$CC" -std=gnu11 -O2 -march=$march "$top_srcdir/bench/peak.c" -o "$tmp/peak"
	peak=$($pin "$tmp/peak" $type)
	echo "One core: $(awk -v p="$peak" 'BEGIN { printf "%.1f", p }') million multiply-accumulates of $type a millisecond at most."
	echo
	echo "| $type | $chip, ms | of peak | oneDNN, ms; networks: ONNX Runtime | ratio | portable C, ms |"
	echo "|---|---|---|---|---|---|"
	layer A "1x1 14x14 2048->512" "14, 14, 2048" "conv2d(x, out = 512, kernel = 1x1)" "14 14 2048 512 1 1 1"
	layer B "3x3 7x7 2048->512" "7, 7, 2048" "conv2d(x, out = 512, kernel = 3x3, pad = same)" "7 7 2048 512 3 1 1"
	layer C "3x3 28x28 128->128" "28, 28, 128" "conv2d(x, out = 128, kernel = 3x3, pad = same)" "28 28 128 128 3 1 1"
	layer D "depthwise 3x3 56x56x64" "56, 56, 64" "dwconv2d(x, kernel = 3x3, pad = same)" "56 56 64 64 3 1 64"
	layer E "grouped(3) 1x1 28x28 240->240" "28, 28, 240" "conv2d(x, out = 240, kernel = 1x1, groups = 3)" "28 28 240 240 1 1 3"
	layer Es "the same and a shuffle" "28, 28, 240" "conv2d(x, out = 240, kernel = 1x1, groups = 3)" "28 28 240 240 1 1 3 1" "shuffle(h, groups = 3)"
	layer F "1x1 56x56 64->128" "56, 56, 64" "conv2d(x, out = 128, kernel = 1x1)" "56 56 64 128 1 1 1"
	layer G "3x3/2 224x224 3->32" "224, 224, 3" "conv2d(x, out = 32, kernel = 3x3, stride = 2x2, pad = same)" "224 224 3 32 3 2 1"
	for net; do network "$net"; done
	echo
}

if test -n "$onnx"; then
	printf 'net 1;\nnetwork nothing {\n    input x : f32[1];\n    output y = relu(x);\n}\n' >"$tmp/nothing.net"
	"$netc" export "$tmp/nothing.net" -o "$tmp/nothing.onnx" -q
	echo "ONNX Runtime for a network of one number, which is what a call of it from JavaScript takes: $($onnx "$tmp/nothing.onnx") ms."
	echo
fi
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
