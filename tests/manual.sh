#!/bin/sh
# usage: manual.sh CHECK MESON BUILDDIR SOURCEDIR
# Checks the installed manual pages. CHECK is one of the functions below.
set -eu

check=$1 meson=$2 build=$3 source=$4
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

fail()
{
	echo "$*"
	exit 1
}

pages()
{
	find pages/ -name '*.[137]' | sort
}

# mandoc must report nothing worse than style
correct()
{
	command -v mandoc > /dev/null || { echo "skipped: mandoc is not installed"; exit 77; }
	pages | xargs mandoc -Tlint -W warning
}

# each function that libipq exports must have a page with its name in NAME
symbols()
{
	sed -n 's/^\t\(ipq_[a-z_]*\);$/\1/p' "$source/src/libipq.map" > symbols
	grep -q . symbols || fail "no symbols in libipq.map"
	while read -r symbol; do
		page=pages/man3/$symbol.3
		test -e "$page" || fail "no page for $symbol"
		sed '/^\.Nd/q' "$page" | grep -q "^\.Nm $symbol\>" ||
			fail "$page does not have $symbol under NAME"
	done < symbols
}

# libipq-nfqueue(7) must have all settings and no others, in both languages
settings()
{
	sed -n 's/^\t\[[A-Z0-9_]*\] = { "\([A-Z0-9_]*\)".*/LIBIPQ_\1/p' \
		"$source/src/settings.c" | sort > settings
	grep -q . settings || fail "no settings in settings.c"
	sed -n 's/^\.It Ev //p' pages/man7/libipq-nfqueue.7 | sort > english
	sed -n 's/^\.B \(LIBIPQ_\)/\1/p' pages/zh_CN/man7/libipq-nfqueue.7 | sort > chinese
	diff -u settings english && diff -u settings chinese
}

# the page of a tool must have all options in the output of --help, and no others
options()
{
	"$build/compat/ipq-run" --help > ipq-run
	"$build/tools/ipqctl" --help > ipqctl
	for command in check status rules try; do
		"$build/tools/ipqctl" "$command" --help >> ipqctl
	done
	for tool in ipq-run ipqctl; do
		{
			# the summary of ipqctl does not list its own two options
			printf '%s\n' --help --version
			sed -n 's/^  *\(-[a-zA-Z0-9], \)*\(--[a-z0-9-]*\).*/\2/p' $tool
		} | sort -u > helped
		grep -oE '(Fl -|\| -)[a-z][a-z0-9-]+' pages/man1/$tool.1 |
			sed 's/^.* -/--/' | sort -u > documented
		diff -u helped documented || fail "$tool(1) and $tool --help differ"
	done
}

# pages of this project that other pages refer to must exist
references()
{
	pages | xargs grep -ohE \
		-e '^\.Xr (libipq|ipq)[a-z_-]* [0-9]' \
		-e '\\fB(libipq|ipq)[a-z_-]*\\fR\([0-9]\)' |
		sed 's/^\.Xr //; s/\\f[BR]//g; s/(\(.\))/ \1/' | sort -u > references
	grep -q . references || fail "no references"
	while read -r name section; do
		test -e "pages/man$section/$name.$section" ||
			fail "no page $name($section)"
	done < references
}

# the program in libipq(3) must compile, in both languages
example()
{
	for page in pages/man3/libipq.3 pages/zh_CN/man3/libipq.3; do
		awk '/^\.(Bd|EX)/ { text = ""; next }
		     /^\.(Ed|EE)/ { if (text ~ /int main/) printf "%s", text; next }
		     { gsub(/\\e/, "\\"); text = text $0 "\n" }' "$page" > example.c
		grep -q main example.c || fail "no program in $page"
		# shellcheck disable=SC2086 # a command and flags
		${CC:-cc} -Wall -Wextra -Werror -I "$source/include/libipq-nfqueue" \
			-I "$source/include" -o example example.c \
			-L "$build/src" -lipq -Wl,-rpath,"$build/src" ||
			fail "$page: the program does not compile"
	done
}

"$meson" install -C "$build" --no-rebuild --quiet --destdir "$work/root" --tags man
ln -s "$(dirname "$(find root -type d -name man3 -not -path '*zh_CN*')")" pages
"$check"
