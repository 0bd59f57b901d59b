#!/bin/sh
# usage: devenv.sh MESON BUILDDIR SOURCEDIR
# In "meson devenv", the tools of the build must be found, and a program must be compiled
# and linked with its library.
set -eu

meson=$1 build=$2 source=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
unset LD_LIBRARY_PATH

cat > "$work/inside" <<END
cd "$work"
command -v ipq-run
command -v ipqctl
\${CC:-cc} -o passer "$source/examples/passer.c" -lipq
ldd passer
END
"$meson" devenv -C "$build" sh "$work/inside" > "$work/said" 2>&1 || {
	cat "$work/said"
	exit 1
}
for expected in "$build/compat/ipq-run" "$build/tools/ipqctl" \
	"libipq.so.0 => $build/src/libipq.so.0"
do
	grep -qF "$expected" "$work/said" || {
		cat "$work/said"
		echo "not seen: $expected"
		exit 1
	}
done
