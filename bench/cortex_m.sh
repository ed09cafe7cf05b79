#!/bin/sh
# cortex_m.sh NETC: executed instructions of one inference of the MLPerf Tiny networks, int8, inputs and outputs in the arena, on Cortex-M4 and M55 under QEMU, and the bytes
# of the network's code.  Needs arm-none-eabi-gcc and qemu-system-arm.  Weights are random, or the trained ones of MODELS, a directory with kws_int8 and so on.
# Prints Markdown.  `make bench-cortex-m` runs it.  QEMU's clock goes on by a nanosecond an instruction (-icount shift=0), and the boards' SysTick counts that clock.
set -eu
netc=$1
: "${top_srcdir:=.}" "${MODELS:=}"
firmware=$top_srcdir/examples/firmware
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
for tool in arm-none-eabi-gcc qemu-system-arm; do
	command -v $tool >/dev/null || { echo "bench-cortex-m: $tool is missing (tools/setup test installs it)"; exit 0; }
done

# count NET CORE CHIP: "INSTRUCTIONS SUM CODE-BYTES"; CHIP portable: none.
count() {
	net=$1 chip=$3 out=$tmp/$1.$2.$3
	case $2 in # PERIOD: of a tick of SysTick, in hundredths of a nanosecond
	m4) machine=mps2-an386 flags="-mcpu=cortex-m4 -mfpu=fpv4-sp-d16 -DPERIOD=4000" ;;
	m55) machine=mps3-an547 flags="-mcpu=cortex-m55 -DLOOPS_AND_BRANCHES -DPERIOD=3125" ;;
	esac
	set -- --random-weights
	test -z "$MODELS" || test ! -d "$MODELS/${net}_int8" || set -- --weights-dir "$MODELS/${net}_int8"
	test "$chip" = portable || set -- "$@" --chip "$top_srcdir/chips/$chip.chip"
	"$netc" build "$top_srcdir/examples/$net/$net.net" --io=arena -o "$out" --quiet "$@"
	defined() { sed -n "s/^#define \\([A-Za-z0-9_]*_$1_[A-Z0-9_]*_$2\\) .*/\\1/p" "$out/$net.h" | head -n 1; }
	flags="$flags -mthumb -mfloat-abi=hard -O2 -std=gnu99 -ffunction-sections -fdata-sections"
	# shellcheck disable=SC2086
	arm-none-eabi-gcc $flags -c "$out/$net.c" -o "$out/net.o"
	# shellcheck disable=SC2086
	arm-none-eabi-gcc $flags -I"$out" -DHEADER="\"$net.h\"" -DRUN="${net}_run" -DARENA="${net}_arena" -DIN="$(defined IN OFFSET)" -DIN_COUNT="$(defined IN COUNT)" \
		-DOUT="$(defined OUT OFFSET)" -DOUT_COUNT="$(defined OUT COUNT)" "$top_srcdir/bench/cortex_m.c" "$out/net.o" "$firmware/startup.c" \
		-nostartfiles -L"$firmware" -T "$machine.ld" -Wl,--gc-sections --specs=rdimon.specs -lm -o "$out/run"
	echo "$(qemu-system-arm -M $machine -icount shift=0 -nographic -monitor none -serial none -semihosting-config enable=on,target=native -kernel "$out/run" </dev/null)" \
		"$(arm-none-eabi-size -A "$out/net.o" | awk '$1 ~ /^\.text/ { s += $2 } END { print s }')"
}

echo "| instructions (bytes of code) | M4, portable C | M4, portable32.chip | M4, cortex-m4.chip | M55, cortex-m55.chip |"
echo "|---|---|---|---|---|"
for net in kws vww resnet8 ad; do
	line="| $net |" sums=
	for on in "m4 portable" "m4 portable32" "m4 cortex-m4" "m55 cortex-m55"; do
		# shellcheck disable=SC2046,SC2086
		set -- $(count $net $on)
		line="$line $(awk -v n="$1" -v b="$3" 'BEGIN { printf "%.4f M (%d)", n / 1e6, b }') |"
		sums="$sums $2"
	done
	echo "$line"
	test "$(echo $sums | tr ' ' '\n' | sort -u | wc -l)" = 1 || { echo "the results of $net differ" >&2; exit 1; }
done
