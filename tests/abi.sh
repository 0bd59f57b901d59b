#!/bin/sh
# usage: abi.sh CHECK MAP
# Checks what old binaries, and programs linked with libipq.a, find in the installed
# library. CHECK is one of the functions below; MAP lists the exported names.
set -eu

check=$1 map=$2
sources=$(dirname "$(realpath "$0")")/abi
libdir=$(pkg-config --variable=libdir libipq)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail()
{
	echo "$*"
	exit 1
}

compile()
{
	# shellcheck disable=SC2086 # a command and flags
	${CC:-cc} -Wall -Wextra -Werror "$@"
}

# Prints the flags that libipq.pc has after an installation without a shared library.
static_flags()
{
	mkdir -p "$work/static"
	cp "$libdir/libipq.a" "$work/static"
	sed "s|^libdir=.*|libdir=$work/static|" "$libdir/pkgconfig/libipq.pc" \
		> "$work/static/libipq.pc"
	PKG_CONFIG_PATH=$work/static pkg-config --static --cflags --libs libipq
}

exports()
{
	sed -n 's/^\t\(ipq_[a-z_]*\);$/\1/p' "$map" | sort > "$work/map"
	grep -q . "$work/map" || fail "no names in $map"
	nm -D --defined-only "$libdir/libipq.so" | awk '{ print $3 }' | sort > "$work/so"
	diff -u "$work/map" "$work/so" || fail "libipq.so exports other names"
	nm -g --defined-only "$libdir/libipq.a" | awk 'NF == 3 { print $3 }' | sort \
		> "$work/a"
	diff -u "$work/map" "$work/a" || fail "libipq.a has other global names"
}

soname()
{
	objdump -p "$libdir/libipq.so" | grep -q 'SONAME  *libipq\.so\.0$' ||
		fail "$(objdump -p "$libdir/libipq.so" | grep SONAME)"
	test -e "$libdir/libipq.so.0" || fail "no libipq.so.0"
	test "$(pkg-config --modversion libipq)" = 1.9.0 ||
		fail "libipq.pc has version $(pkg-config --modversion libipq)"
}

errmap()
{
	# a binary has a copy of the table (a copy relocation), with the size that it had
	# when the binary was linked
	size=$(nm -D -S "$libdir/libipq.so" | awk '$4 == "ipq_errmap" { print $2 }')
	pair=$(getconf LONG_BIT | awk '{ print 2 * $1 / 8 }')
	test $((0x$size)) = $((17 * pair)) || fail "ipq_errmap is 0x$size bytes"
	# shellcheck disable=SC2046 # flags are words
	compile "$sources/errmap.c" -o "$work/errmap" $(pkg-config --cflags --libs libipq)
	"$work/errmap"
}

static()
{
	flags=$(static_flags)
	# shellcheck disable=SC2086 # flags are words
	compile "$sources/errmap.c" -o "$work/errmap" $flags
	! objdump -p "$work/errmap" | grep libipq || fail "needs the shared library"
	env -u LD_LIBRARY_PATH "$work/errmap"
}

# Programs may define each name that the library uses internally.
own_names()
{
	flags=$(static_flags)
	nm --defined-only "$libdir/libipq.a" |
		awk '$2 ~ /[a-z]/ && $3 ~ /^[a-z_]+$/ { print "int " $3 " = 1;" }' |
		sort -u > "$work/names.c"
	for name in links_find settings_read translate_message queues_probe; do
		grep -q " $name " "$work/names.c" || fail "$name is not in libipq.a"
	done
	# shellcheck disable=SC2086 # flags are words
	compile -fno-builtin "$sources/errmap.c" "$work/names.c" -o "$work/own" $flags
	"$work/own"
}

layout()
{
	# shellcheck disable=SC2046 # flags are words
	compile -fsyntax-only $(pkg-config --cflags libipq) "$sources/layout.c"
}

layout_32()
{
	echo '#include <stdint.h>' | compile -m32 -fsyntax-only -x c - 2> /dev/null || {
		echo "skipped: ${CC:-cc} -m32 does not find its headers (gcc-multilib)"
		exit 77
	}
	# shellcheck disable=SC2046 # flags are words
	compile -m32 -fsyntax-only $(pkg-config --cflags libipq) "$sources/layout.c"
}

"$check"
