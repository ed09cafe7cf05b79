# together.awk: awk -f together.awk A.c A_main.c B.c B_main.c ... >all.c.  The programs of several networks (netc build --main --prefix=A, B, ...)
# as one, whose first argument says which and whose main is ENTRY: what a compiler needs for one of them it needs for nearly all, since the kernels and the
# program around a network are the same text, which is kept where it comes first.  A file that has not in itself what it uses of
# that text is an error.
BEGIN {
	n = split("memory weights run main inputs outputs layer_times layer_start profile", own, " ")
	for (k = 0; k < 32; k++) {
		own[++n] = "input" k
		own[++n] = "input" k "_shape"
		own[++n] = "output" k
		own[++n] = "output" k "_shape"
	}
}

# What one top-level piece of a file defines, and whether it uses what only another file has: LINE is outside a comment.
function look(line,   word, rest) {
	if (match(line, /^[a-z_][a-z0-9_]*\(/))
		has[file, substr(line, 1, RLENGTH - 1)] = known[substr(line, 1, RLENGTH - 1)] = 1
	if (match(line, /^#define [A-Za-z0-9_]+/))
		has[file, substr(line, 9, RLENGTH - 8)] = known[substr(line, 9, RLENGTH - 8)] = 1
	if (match(line, /^(typedef )?struct [a-z0-9_]+ \{/)) {
		word = substr(line, RSTART, RLENGTH - 2)
		sub(/.* /, "", word)
		has[file, word] = known[word] = 1
	}
	for (rest = line; match(rest, /[A-Za-z_][A-Za-z0-9_]*/); rest = substr(rest, RSTART + RLENGTH)) {
		word = substr(rest, RSTART, RLENGTH)
		if ((word in known) && !((file, word) in has)) {
			print file ": " word " is not in this file: " line >"/dev/stderr"
			missing = 1
		}
	}
}

function piece_ends() {
	if (piece == "")
		return
	if (!(piece in first) || first[piece] == file || tail)
		print piece
	if (!(piece in first))
		first[piece] = file
	piece = ""
}

function file_ends(   k) {
	piece_ends()
	if (!tail)
		return
	for (k = 1; k <= n; k++)
		print "#undef " own[k]
	print "#undef LAYERS"
}

FNR == 1 {
	file_ends()
	tail = body = depth = comment = 0
	file = FILENAME
	name = file
	sub(/.*\//, "", name)
	sub(/\.c$/, "", name)
	is_main = sub(/_main$/, "", name)
	print ""
}

# From here on a program is about its network.
is_main && !tail && $0 == "#include \"" name ".h\"" {
	piece_ends()
	tail = 1
	for (k = 1; k <= n; k++)
		print "#define " own[k] " " own[k] "_of_" name
	names[++count] = name
}

/^#if/ { depth++ }
/^#endif/ { depth-- }
/^\{/ { body = 1 }
/^}/ { body = 0 }
$0 == "" && !body && !depth {
	piece_ends()
	print ""
	next
}

{
	if (!tail && !comment && /[a-z]/ && !/^[ \t]*\/\*/ && !/^#(if|un|el|end|inc)/)
		look($0)
	if (/\/\*/ && !/\*\//)
		comment = 1
	else if (/\*\//)
		comment = 0
	piece = piece (piece == "" ? "" : "\n") $0
}

END {
	file_ends()
	print "\n#include <string.h>\n\nint\n" (entry == "" ? "main" : entry) "(int argc, char **argv)\n{"
	for (k = 1; k <= count; k++) {
		print "\tif (argc > 1 && strcmp(argv[1], \"" names[k] "\") == 0)"
		print "\t\treturn main_of_" names[k] "(argc - 1, argv + 1);"
	}
	print "\treturn 3;\n}"
	exit missing
}
