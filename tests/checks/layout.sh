#!/bin/sh
# usage: layout.sh style | spelling
# "style" compares the C sources with .clang-format, and all text with
# .editorconfig; "spelling" runs codespell with the exceptions of .codespellrc. Run
# in the project's directory.
set -eu
# shellcheck source=tests/checks/common.sh
. "$(dirname "$0")/common.sh"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=

# Prints the names of the project's text files, without generated ones.
text()
{
	find . \( -path './build*' -o -path ./.git -o -path ./tests/fuzz/corpus \) -prune -o \
		-type f ! -name '*.abi' ! -name '*.svg' ! -name LICENSE ! -name '*.log' -print
}

# usage: copy_sources DIRECTORY
copy_sources()
{
	mkdir "$1"
	cp .clang-format "$1"
	xargs cp --parents -t "$1" < "$work/sources"
}

# usage: normalize DIRECTORY
# Ignores white space before a comment or before a backslash at the end of a line:
# clang-format does not align these with tabs.
normalize()
{
	(
		cd "$1"
		xargs sed -i 's#\([^ \t]\)[ \t]*/\*#\1 /*#g; s#[ \t]*\\$# \\#'
	) < "$work/sources"
}

# Prints what clang-format would change. A few lines in each file are better as they are,
# so it is an error only if more than a third of a file's lines, and more than 20, differ.
compare_with_clang_format()
{
	find include src compat tools examples tests -name '*.[ch]' \
		! -name captured.h > "$work/sources"
	copy_sources "$work/is"
	copy_sources "$work/wanted"
	(
		cd "$work/wanted"
		xargs clang-format -i
	) < "$work/sources"
	normalize "$work/is"
	normalize "$work/wanted"
	while read -r file; do
		diff -u --label "$file" --label "$file (clang-format)" \
			"$work/is/$file" "$work/wanted/$file" > "$work/diff" && continue
		cat "$work/diff"
		changed=$(grep -c '^-[^-]' "$work/diff" || :)
		lines=$(wc -l < "$file")
		total=$((${total-0} + changed))
		if [ "$changed" -gt 20 ] && [ $((changed * 3)) -gt "$lines" ]; then
			echo "failed: $file: $changed of $lines lines differ from .clang-format"
			failed=1
		fi
	done < "$work/sources"
	echo "clang-format would change ${total-0} lines"
}

# Lines should have at most 90 columns. Up to 120 are accepted, where a line
# cannot be broken well.
look_at_columns()
{
	# shellcheck disable=SC2046 # names without blanks
	awk '
	{
		columns = 0
		count = split($0, part, "\t")
		for (i = 1; i < count; i++)
			columns += length(part[i]) + 8 - (columns + length(part[i])) % 8
		columns += length(part[count])
		if (columns > 120) {
			print "failed: " FILENAME ":" FNR ": " columns " columns"
			bad = 1
		}
	}
	END { exit bad }' $(find include src compat tools examples tests -name '*.[ch]' \
		! -name captured.h) || failed=1
}

look_at_ends_of_lines()
{
	# shellcheck disable=SC2046 # names without blanks
	if grep -nE '[[:blank:]]$' $(text); then
		echo "failed: blanks at the end of a line"
		failed=1
	fi
	# shellcheck disable=SC2046 # names without blanks
	[ -n "$(tail -qc 1 $(text) | tr -d '\n')" ] || return 0
	for file in $(text); do
		[ -z "$(tail -c 1 "$file")" ] ||
			echo "failed: $file: no newline at end of file"
	done
	failed=1
}

case $1 in
style)
	look_at_columns
	look_at_ends_of_lines
	[ ! "$failed" ] || exit 1
	need clang-format
	compare_with_clang_format
	;;
spelling)
	need codespell
	codespell || failed=1
	;;
esac
[ ! "$failed" ]
