#!/bin/sh
# check-includes.sh TOP: a source may include only what stands above its directory in this list (docs/design.md).
cd "$1" || exit 99
allowed() {
	case $1 in
	support) echo support ;;
	lexer | parser) echo support lexer parser ;;
	ir) echo support ir ;;
	weights) echo support ir weights ;;
	sema) echo support parser ir weights sema ;;
	import) echo support parser ir weights import ;;
	export) echo support ir import export ;;
	chips) echo support parser ir chips runtime ;;
	passes) echo support ir chips passes ;;
	backend) echo support ir chips backend runtime ;;
	report) echo support ir chips backend runtime report ;;
	driver) echo support lexer parser ir weights sema import export chips passes backend runtime report driver ;;
	esac
}
bad=0
for dir in support lexer parser ir weights sema import export chips passes backend report driver; do
	ok=$(allowed $dir)
	for f in "$dir"/*.[chly]; do
		for inc in $(sed -n 's/^#include "\([a-z]*\)\/.*/\1/p' "$f" | sort -u); do
			case " $ok " in
			*" $inc "*) ;;
			*)
				echo "$f includes $inc/, which stands below $dir/"
				bad=1 ;;
			esac
		done
	done
done
exit $bad
