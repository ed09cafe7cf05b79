# Turn text files into one table of C string arrays: a literal a line, since C promises
# no more than 4095 characters in one, and so that the result reads like its sources.
#
#	awk -v table=embedded_files -f embed.awk FILE... >embedded_files.c
BEGIN {
	print "/* Made by tools/embed.awk from the files named below. */"
	print "#include <stddef.h>"
	print "#include \"runtime/embedded.h\""
}
FNR == 1 {
	finish()
	name[++files] = FILENAME
	sub(/.*\//, "", name[files])
	printf "\nstatic const char *const file%d[] = { /* %s */\n", files, name[files]
}
{
	gsub(/[\\"]/, "\\\\&") # POSIX leaves "\\&" unsettled, "\\\\&" is a backslash and the match
	printf "\t\"%s\\n\",\n", $0
}
END {
	finish()
	printf "\nconst struct embedded %s[] = {\n", table
	for (i = 1; i <= files; i++)
		printf "\t{ \"%s\", file%d },\n", name[i], i
	print "\t{ NULL, NULL }"
	print "};"
}
function finish() {
	if (files)
		print "\tNULL\n};"
}
