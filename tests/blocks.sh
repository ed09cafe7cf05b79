# blocks.sh: for tests/blocks_CHIP.test; sourced.  Register blocks: chips whose units are micro-kernels of their header.  On this machine the
# headers spell the instructions out in C, so the generated code runs here, under the sanitizers; with the chip's own instructions where
# this machine, a user-mode QEMU or a board of QEMU's has them.  The four MLPerf Tiny networks give the reference kernels' bytes (seeded
# weights: the evaluator's), random networks and windows of every kind what the evaluator computes.
# BLOCK_CASES (4): how many random networks for each chip.  BLOCK_MODELS (all): the chips that are tried with the trained networks.
. "$top_srcdir/tests/lib.sh"
. "$top_srcdir/tests/together.sh"
top=$(cd "$top_srcdir" && pwd)
bin=$(dirname "$NPYCMP")
firmware=$top/examples/firmware
models=${MODELS:-$top/../shared/models}
: "${CC:=cc}"

# The build of a firmware whose program is given its arguments by the emulator: MACHINE and its FLAGS.
board_program() {
	have arm-none-eabi-gcc && have qemu-system-arm || return 1
	compiler=arm-none-eabi-gcc machine=$1 sanitize= runner=on_board
	shift
	flags="$* -mthumb -mfloat-abi=hard -ffunction-sections -fdata-sections"
	entry=program arguments=$top/tests/board_arguments.c
	optimise=-O1 # inline assembly that takes all registers leaves none to code that keeps variables in memory
	link="$firmware/startup.c -nostartfiles -L$firmware -T $machine.ld -Wl,--gc-sections --specs=rdimon.specs"
}

# on_board PROGRAM ARGUMENTS...
on_board() {
	image=$1 line=
	for argument; do
		line=$line,arg=$argument
	done
	qemu-system-arm -M "$machine" -nographic -monitor none -serial none -semihosting-config "enable=on,target=native$line" -kernel "$image" </dev/null
}

# instructions STEM: sets compiler, flags, sanitize and runner so that the chip's own instructions are used.  False: nothing here has them.
instructions() {
	entry= arguments= link= optimise=
	case $1 in
	x86-64-v3)
		grep -qw avx2 /proc/cpuinfo 2>/dev/null && grep -qw fma /proc/cpuinfo || return 1
		flags="-mavx2 -mfma" sanitize=-fsanitize=address ;;
	x86-64-v4-vnni)
		for feature in avx512f avx512bw avx512vl avx512_vnni; do
			grep -qw $feature /proc/cpuinfo 2>/dev/null || return 1
		done
		flags="-mavx512f -mavx512bw -mavx512vl -mavx512vnni" sanitize=-fsanitize=address ;;
	x86-64-v4)
		grep -qw avx512f /proc/cpuinfo 2>/dev/null && grep -qw avx512vl /proc/cpuinfo || return 1
		flags="-march=x86-64-v4" sanitize=-fsanitize=address ;;
	aarch64-dotprod)
		have aarch64-linux-gnu-gcc && have qemu-aarch64 || return 1
		compiler=aarch64-linux-gnu-gcc flags="-march=armv8.2-a+dotprod -static" sanitize= runner=qemu-aarch64 ;;
	rv64gcv)
		have riscv64-linux-gnu-gcc && have qemu-riscv64 || return 1
		compiler=riscv64-linux-gnu-gcc flags="-march=rv64gcv -static" sanitize= runner="qemu-riscv64 -cpu rv64,v=true,vlen=${VLEN:-128}" ;;
	cortex-m4) board_program mps2-an386 -mcpu=cortex-m4 -mfpu=fpv4-sp-d16 ;;
	cortex-m55) board_program mps3-an547 -mcpu=cortex-m55 -DLOOPS_AND_BRANCHES ;;
	*) return 1 ;;
	esac
}

# plain_c: what the headers have for other machines.
plain_c() {
	compiler=$CC flags= sanitize="-fsanitize=address,undefined -fno-sanitize-recover=all" runner= entry= arguments= link= optimise=
}

# compile LEVEL CHIP NET ARGUMENTS...: $tmp/d/run.
compile() {
	level=${optimise:-$1} chip=$2 net=$3
	shift 3
	rm -rf "$tmp/d"
	"$NETC" build "$net" --chip "$chip" --main -o "$tmp/d" "$@" || return 1
	name=$(basename "$net" .net)
	"$compiler" -std=gnu99 $CONTRACT $level $flags $sanitize "$tmp/d/$name.c" -c -o "$tmp/d/net.o" &&
		"$compiler" -std=gnu99 $flags $sanitize ${entry:+-Dmain=$entry} "$tmp/d/${name}_main.c" -c -o "$tmp/d/main.o" &&
		"$compiler" -std=gnu99 $flags $sanitize "$tmp/d/main.o" "$tmp/d/net.o" $arguments $link -lm -o "$tmp/d/run"
}

# same_as_evaluator NET OUTPUT IN ARGUMENTS...
same_as_evaluator() {
	net=$1 output=$2 in=$3
	shift 3
	$runner "$tmp/d/run" "$in" -o "$tmp/c.npy" && "$NETC" run "$net" "$in" -o "$tmp/eval" "$@" && "$NPYCMP" "$tmp/c.npy" "$tmp/eval/$output.npy"
}

# model CHIP NAME OUTPUT SHAPE [f32]
model() {
	net=$top/examples/$2/$2${5:+_$5}.net trained=$models/$2_${5:-int8}
	if test -d "$trained"; then
		compile -O1 "$1" "$net" --weights-dir "$trained" || return 1
		for in in "$trained"/input_*.npy; do
			$runner "$tmp/d/run" "$in" -o "$tmp/c.npy" && "$NPYCMP" "$tmp/c.npy" "$(echo "$in" | sed 's/input_/output_/')" || return 1
		done
	else
		"$bin/npyrand" "${5:-i8}" "$4" 1 "$tmp/in.npy" && compile -O1 "$1" "$net" --random-weights &&
			same_as_evaluator "$net" "$3" "$tmp/in.npy" --random-weights
	fi
}

# write_random CHIP SEED: a network, what the evaluator says of it, and its C in $tmp/r/nSEED.
write_random() {
	net=$tmp/r/$2.net
	"$bin/netgen" "$2" >"$net" || return 1
	read -r type shape <<END
$(input_of "$net")
END
	"$bin/npyrand" "$type" "$shape" "$2" "$tmp/r/$2.npy" && "$NETC" run "$net" "$tmp/r/$2.npy" -o "$tmp/r/eval$2" &&
		"$NETC" build "$net" --chip "$1" --main --prefix="n$2" -o "$tmp/r/n$2"
}

# random SEED
random() {
	test -d "$tmp/r/eval$1" && cd "$tmp/r" || return 1
	outputs=$(outputs_of "$1.net")
	run_network . "n$1" "$1.npy" -o $(for o in $outputs; do echo "$o.npy"; done) || return 1
	for o in $outputs; do
		"$NPYCMP" "$o.npy" "eval$1/$o.npy" || return 1
	done
	grep -q '_block_\|_runs_' "n$1/n$1.c" && echo "$1" >>"$tmp/used"
	return 0
}

# in_one_program NAME...: the networks NAME in $tmp/r, as little optimised as can be.
in_one_program() {
	link="$arguments $link" one_program "$tmp/r" "$*" "$compiler" -std=gnu99 $CONTRACT ${optimise:--O0} $flags $sanitize
}

# all_windows CHIP: the network $tmp/r/w.net, compiled, run and evaluated.
all_windows() {
	count=$(grep -c '^    input' "$tmp/r/w.net")
	"$NETC" build "$tmp/r/w.net" --chip "$1" --main -o "$tmp/r/w" && in_one_program w && cd "$tmp/r" || return 1
	inputs=$(sed -n 's/^    input x\([0-9]*\) : i8\[\(.*\)\] scale.*/\1:\2/p' w.net)
	files=
	for input in $inputs; do
		"$bin/npyrand" i8 "${input#*:}" 3 "x${input%%:*}.npy" || return 1
		files="$files x${input%%:*}.npy"
	done
	"$NETC" run w.net $files -o eval && run_network . w $files -o $(seq -f 'y%g.npy' 1 "$count")
}

# board CHIP: the example firmware with CHIP on BOARD, and the same here.
board() {
	make -s -C "$firmware" B="$tmp/board" NETC="$NETC" BOARD="$2" CHIP="$1" CC="$CC" run
}

# ties CHIP STEM: the roundings of its widest block.
ties() {
	channels=$(sed -n 's/^op [a-z]* "[0-9]*x\([0-9]*\)".*/\1/p' "$1" | sort -n | tail -n 1)
	kind=$(sed -n 's/^op \(block\|runs\) .*/\1/p' "$1" | head -n 1)
	grep -q '^op block "all"' "$1" && channels=11 kind=all
	"$compiler" -std=gnu99 $CONTRACT -O1 $flags $sanitize -I"$top/chips" -I"$top/runtime" -DHEADER="\"$2.h\"" \
		"-DFORM_$kind" -DBLOCK="$(echo "$2" | tr - _)_$kind" -DCHANNELS="$channels" "$top/tests/blockties.c" $link -o "$tmp/ties" && $runner "$tmp/ties"
}

# trained CHIP STEM, randoms CHIP STEM SEED...
trained() {
	check "kws on $2" model "$1" kws prob 49,10,1
	check "vww on $2" model "$1" vww prob 96,96,3
	check "resnet8 on $2" model "$1" resnet8 prob 32,32,3
	check "ad on $2" model "$1" ad reconstruction 640
}
randoms() {
	file=$1 on=$2 names=
	shift 2
	rm -rf "$tmp/r"
	mkdir "$tmp/r"
	for seed; do
		write_random "$file" "$seed" >"$tmp/log" 2>&1 && names="$names n$seed" || report 1 "random network $seed on $on, written" "$tmp/log"
	done
	check "random networks on $on: one program" in_one_program $names
	for seed; do
		check "random network $seed on $on" random "$seed"
	done
}

# windows CHIP ON: what random networks rarely hit: strides, padding and odd widths; a relu at the zero point, sums of tensors with a relu and of a small
# scale.  All are layers of one network.
windows() {
	rm -rf "$tmp/r"
	mkdir "$tmp/r"
	cat >"$tmp/r/list" <<END
9,6,8; 0.11 zero 9; dwconv2d(x, kernel = 3x3, pad = same)
9,6,8; 0.11 zero 9; dwconv2d(x, kernel = 3x3, pad = same) |> relu6()
1,1,4; 0.11 zero 9; dwconv2d(x, kernel = 3x3, pad = same)
5,33,20; 0.11 zero 9; dwconv2d(x, kernel = 3x3, pad = same)
40,33,4; 0.11 zero 9; dwconv2d(x, kernel = 3x3, stride = 2x2, pad = same)
24,30,4; 0.11 zero 9; dwconv2d(x, kernel = 3x3, stride = 3x1)
7,8,12; 0.11 zero 9; dwconv2d(x, kernel = 3x3, stride = 1x2, pad = [0, 2, 2, 0])
9,7,3; 0.11 zero 9; conv2d(x, out = 5, kernel = 3x3, pad = same)
9,8,2; 0.11 zero 9; conv2d(x, out = 4, kernel = 4x2, stride = 2x3, pad = [3, 0, 1, 1])
9,9,4; 0.11 zero 9; conv2d(x, out = 7, kernel = 3x3, pad = same) |> relu6()
7,6,8; 0.11 zero 9; conv2d(x, out = 5, kernel = 3x3, stride = 2x1)
5,7,8; 0.11 zero 9; conv2d(x, out = 6, kernel = 1x1, stride = 2x2) |> relu()
3,3,4; 0.11 zero 9; conv2d(x, out = 8, kernel = 1x1)
1,1,12; 0.11 zero 9; conv2d(x, out = 9, kernel = 1x1)
8,9,4; 0.11 zero 9; conv2d(x, out = 6, kernel = 3x2, dilation = 2x2, pad = same, groups = 2)
5,7,8; 0.11 zero 9; conv2d(x, out = 12, kernel = 1x1, groups = 2)
17,16,8; 0.11 zero 9; add(x, maxpool(x, kernel = 3x3, stride = 1x1, pad = same))
40,33,4; 0.06 zero -128; dwconv2d(x, kernel = 3x3, stride = 2x2, pad = same) |> relu()
17,16,8; 0.06 zero -128; add(x, maxpool(x, kernel = 3x3, stride = 1x1, pad = same)) |> relu()
17,16,8; 0.0000001 zero 3; add(x, maxpool(x, kernel = 3x3, stride = 1x1, pad = same))
END
	awk -F '; ' 'BEGIN { print "net 1;\nweights random(5);\nnetwork w {" }
		{ print "    input x" NR " : i8[" $1 "] scale 0.05 zero -7;"; gsub(/\(x,/, "(x" NR ","); y = y "    output y" NR " = " $3 " : scale " $2 " as layer" NR ";\n" }
		END { print y "}" }' "$tmp/r/list" >"$tmp/r/w.net"
	check "windows on $2: one program" all_windows "$1"
	number=0
	while IFS= read -r layer; do
		number=$((number + 1))
		check "${layer##*; } of ${layer%%;*} on $2" "$NPYCMP" "$tmp/r/y$number.npy" "$tmp/r/eval/y$number.npy"
	done <"$tmp/r/list"
}

# reals CHIP: layers of f32 with borders, strides, groups, slices, and more rows, channels and weights than one block or cache holds; each within 1e-5 of
# its largest value.
reals() {
	cat >"$tmp/w.net" <<END
net 1;
weights random(5);
network w {
    input x : f32[13, 31, 24];
    input z : f32[4, 5, 1024];
    input v : f32[15, 33];
    output a = conv2d(x, out = 5, kernel = 3x3, pad = same);
    output b = conv2d(x, out = 70, kernel = 3x3, pad = same) |> relu();
    output c = conv2d(x, out = 40, kernel = 5x5, stride = 2x2, pad = same) |> relu6();
    output d = conv2d(x, out = 4, kernel = 4x2, stride = 2x3, pad = [3, 0, 1, 1]);
    output e = conv2d(x, out = 6, kernel = 3x2, dilation = 2x2, pad = same, groups = 2);
    output f = conv2d(x, out = 34, kernel = 3x3, stride = 3x3, dilation = 7x7, pad = [8, 8, 8, 8]);
    output g = conv2d(x, out = 3, kernel = 1x1, pad = [2, 2, 2, 2]);
    output h = conv2d(x, out = 51, kernel = 1x1, groups = 3);
    output i = conv2d(slice(x, begin = [0, 0, 3], size = [-1, -1, 16]), out = 48, kernel = 3x3, pad = same);
    output j = concat(conv2d(x, out = 9, kernel = 1x1), conv2d(x, out = 20, kernel = 1x1));
    output k = conv2d(z, out = 40, kernel = 1x1);
    output l = conv2d(z, out = 300, kernel = 3x3, pad = same);
    output o = dwconv2d(x, kernel = 3x3, pad = same) |> relu();
    output p = dwconv2d(slice(x, begin = [0, 0, 1], size = [-1, -1, 21]), kernel = 3x3, stride = 2x2, pad = same);
    output q = dwconv2d(x, kernel = 5x4, stride = 3x1, pad = [7, 0, 6, 1]);
    output m = dense(v, out = 37) |> relu();
    output n = dense(slice(v, begin = [3, 0], size = [1, -1]), out = 129);
}
END
	compile -O0 "$1" "$tmp/w.net" --weights=bin && grep -q nn_block_conv2d_f32 "$tmp/d/w.c" && grep -q depthwise_f32 "$tmp/d/w.c" && "$bin/npyrand" f32 13,31,24 3 "$tmp/x.npy" && "$bin/npyrand" f32 4,5,1024 4 "$tmp/z.npy" &&
		"$bin/npyrand" f32 15,33 5 "$tmp/v.npy" && "$NETC" run "$tmp/w.net" "$tmp/x.npy" "$tmp/z.npy" "$tmp/v.npy" -o "$tmp/eval" || return 1
	(cd "$tmp/d" && $runner ./run ../x.npy ../z.npy ../v.npy -o $(for o in a b c d e f g h i j k l o p q m n; do echo "../$o.npy"; done)) || return 1
	for o in a b c d e f g h i j k l m n o p q; do
		"$NPYCMP" "$tmp/$o.npy" "$tmp/eval/$o.npy" || { echo "of $o"; return 1; }
	done
}

# trained_reals CHIP ON: the networks of f32 against the outputs of the reference kernels, or with seeded weights.
trained_reals() {
	check "resnet8_f32 on $2" model "$1" resnet8 prob 32,32,3 f32
	check "vww_f32 on $2" model "$1" vww prob 96,96,3 f32
	check "ad_f32 on $2" model "$1" ad reconstruction 640 f32
}

# as_cxx CHIP: the generated C, and what it has of the header, as C++.
as_cxx() {
	"$NETC" build "$top/examples/kws/kws.net" --random-weights --chip "$1" -o "$tmp/cxx" &&
		g++ -x c++ $CXX_CONTRACT -fsyntax-only "$tmp/cxx/kws.c"
}

# untrained CHIP STEM ON SEED...: everything but the trained networks.
untrained() {
	file=$1 stem=$2 on=$3
	shift 3
	grep -q '"[a-z0-9_]*_\(block\|runs\|all\)(' "$file" && check "ties on $on" ties "$file" "$stem"
	randoms "$file" "$on" "$@"
	windows "$file" "$on"
}

# with_models STEM: whether BLOCK_MODELS names it.
with_models() {
	case " ${BLOCK_MODELS:-$1} " in
	*" $1 "*) return 0 ;;
	*) return 1 ;;
	esac
}

# reals_of STEM: the blocks of f32 of chips/STEM.chip; where BLOCK_MODELS does not name it in plain C only.
reals_of() {
	stem=$1 chip=$top/chips/$1.chip on=$1
	plain_c
	if ! with_models "$stem"; then
		sanitize=
		check "layers of f32 on $on" reals "$chip"
		return
	fi
	check "layers of f32 on $on" reals "$chip"
	if instructions "$stem"; then
		on="$stem with its instructions"
		check "layers of f32 on $on" reals "$chip"
	else
		plain_c
	fi
	sanitize=
	trained_reals "$chip" "$on"
}

# blocks_of STEM [BOARD...]: chips/STEM.chip; boards of examples/firmware.
blocks_of() {
	stem=$1 chip=$top/chips/$1.chip on=$1
	shift
	plain_c
	! have g++ || check "$stem as C++" as_cxx "$chip"
	untrained "$chip" "$stem" "$on" $(seq 1 "${BLOCK_CASES:-4}")
	if instructions "$stem"; then
		on="$stem with its instructions"
		untrained "$chip" "$stem" "$on" $(seq 101 $((100 + ${BLOCK_CASES:-4})))
		sanitize= # which takes compilers long where vectors are unrolled
	else
		skip "register blocks of $stem with its instructions" "neither this machine nor an emulator here has them"
		plain_c
	fi
	! with_models "$stem" || trained "$chip" "$on"
	for board; do
		if have arm-none-eabi-gcc && have qemu-system-arm; then
			check "digits on the board $board with $stem" board "$chip" "$board"
		else
			skip "digits on the board $board with $stem" "no arm-none-eabi-gcc or qemu-system-arm"
		fi
	done
	echo "# summary: $(wc -l <"$tmp/used") random networks call register blocks of $stem"
}
