#!/bin/sh
# compiler.sh NETC BINDIR: how long netc takes and how much memory, on large networks and large weights.  Prints Markdown;
# times are the least of several runs.
# `make bench` runs it; it is no test, since machines differ.
set -eu
netc=$1 bin=$2
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# deep N: a network of N layers written out, depthwise, pointwise and residual additions in turn.
deep() {
	awk -v n="$1" 'BEGIN {
		print "net 1;\nweights random(1);\nnetwork deep {\n    input x : i8[8, 8, 16] scale 0.05 zero 0;\n    h0 = x;"
		for (i = 1; i <= n; i++) {
			p = "h" (i - 1)
			if (i % 3 == 1)      op = "dwconv2d(" p ", kernel = 3x3, pad = same) |> relu()"
			else if (i % 3 == 2) op = "conv2d(" p ", out = 16, kernel = 1x1)"
			else                 op = "add(" p ", h" (i - 3) ")"
			print "    h" i " = " op " : scale 0.05 zero 0;"
		}
		print "    output y = h" n ";\n}"
	}' >"$tmp/deep.net"
}

echo "| layers written out | build, s | processor, s | memory, MiB |"
echo "|---|---|---|---|"
for n in 5000 10000 20000 40000; do
	deep $n
	set -- $("$bin/measure" 7 "$netc" build "$tmp/deep.net" -o "$tmp/out" --quiet)
	echo "| $n | $1 | $2 | $(($3 / 1024)) |"
done
echo
echo "| weights | mode | build, s | processor, s | MB of weights a second | memory, MiB |"
echo "|---|---|---|---|---|---|"
for type in f32 i8; do
	mkdir -p "$tmp/$type"
	"$bin/bigweights" $type 100 "$tmp/$type"
	size=$(wc -c <"$tmp/$type/big.safetensors")
	for mode in bin split inline; do
		set -- $("$bin/measure" 7 "$netc" build "$tmp/$type/big.net" --weights=$mode -o "$tmp/out" --quiet)
		echo "| $type, $((size / 1000000)) MB | $mode | $1 | $2 | $(awk -v b="$size" -v s="$1" 'BEGIN { printf "%.0f", b / 1e6 / s }') | $(($3 / 1024)) |"
	done
done
echo
echo "| planning ResNet-50 for | check, s | processor, s | memory, MiB |"
echo "|---|---|---|---|"
for chip in "$top_srcdir/tests/chips/small32.chip" "$top_srcdir/chips/npu16.chip"; do
	set -- $("$bin/measure" 7 "$netc" check "$top_srcdir/bench/resnet50.net" --chip "$chip")
	echo "| $(basename "$chip") | $1 | $2 | $(($3 / 1024)) |"
done
