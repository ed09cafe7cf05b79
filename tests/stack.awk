# The most stack that a path of calls takes, from gcc's -fcallgraph-info=su (there is no recursion in generated code).
# Functions of other units (libm's) count nothing.
function depth(f,   i, n, list, most, d) {
	if (f in known)
		return known[f]
	n = split(callees[f], list, " ")
	for (i = 1; i <= n; i++)
		if ((d = depth(list[i])) > most)
			most = d
	return known[f] = most + own[f]
}
function field(name,   start) {
	match($0, name ": \"[^\"]*\"")
	start = RSTART + length(name) + 3
	return substr($0, start, RSTART + RLENGTH - 1 - start)
}
/^node:/ {
	title = field("title")
	if (match($0, /[0-9]+ bytes \([a-z,]*\)/)) {
		own[title] = substr($0, RSTART) + 0
		if ($0 ~ /\(dynamic\)/)
			unbounded = 1
	}
}
/^edge:/ { callees[field("sourcename")] = callees[field("sourcename")] " " field("targetname") }
END {
	for (f in own)
		if (depth(f) > most)
			most = known[f]
	print unbounded ? "unbounded" : most + 0
}
