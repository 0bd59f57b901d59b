#!/bin/sh
# usage: build-i386.sh SOURCE OUTPUT LIBRARY_DIR
# Builds the preload library for 32-bit programs into LIBRARY_DIR, and some programs into
# OUTPUT, with gcc -m32. The libraries that it needs are those of Debian's i386 packages,
# unpacked in OUTPUT; the headers are those of this system. If that is not possible, says
# why and exits with status 77.
set -eu
source=$1 output=$2 library=$3
sysroot=$output/sysroot
libdir=$sysroot/usr/lib/i386-linux-gnu

skip() {
	echo "skipped: no 32-bit programs: $*"
	rm -f "$library/libipq-preload.so" "$library/libipq.so.0"
	exit 77
}

compile() {
	gcc -m32 -D_GNU_SOURCE -std=gnu11 -O2 -g -Wall -Wextra \
		-Wno-missing-field-initializers -I "$source/include" "$@"
}

mkdir -p "$output" "$library"
# do not link objects of an earlier build
rm -f "$output"/*.o
[ "$(uname -m)" = x86_64 ] || skip "it is built on x86_64 only, and this is $(uname -m)"
echo 'int main(void) { return 0; }' > "$output/empty.c"
compile "$output/empty.c" -o "$output/empty" 2> /dev/null ||
	skip "gcc -m32 does not work; it needs gcc-multilib"
"$output/empty" 2> /dev/null || skip "this kernel does not run 32-bit programs"

# apt gets lists and directories of its own, so that neither root nor a foreign
# architecture is needed
if [ ! -e "$libdir/libnetfilter_queue.so.1" ]; then
	command -v apt-get > /dev/null || skip "apt-get is not installed"
	mkdir -p "$output/apt/lists/partial" "$output/apt/archives/partial"
	apt() {
		apt-get -qq -o APT::Architectures=amd64,i386 -o APT::Sandbox::User= \
			-o Dir::State::lists="$output/apt/lists" \
			-o Dir::Cache="$output/apt" "$@" 2>&1
	}
	# a list that fails may be one that is not needed
	apt update > "$output/apt/update.log" || true
	(
		cd "$output/apt"
		apt download libmnl0:i386 libnfnetlink0:i386 libnetfilter-queue1:i386
	) > "$output/apt/log" || skip "apt-get download: $(tail -n 1 "$output/apt/log")"
	for package in "$output"/apt/*.deb; do
		dpkg -x "$package" "$sysroot"
	done
	rm -r "$output/apt"
	# /lib is /usr/lib, or should be
	for so in "$sysroot"/lib/i386-linux-gnu/*; do
		[ ! -e "$so" ] || cp -a "$so" "$libdir/"
	done
fi

for file in "$source"/src/*.c; do
	compile -U_FORTIFY_SOURCE -fPIC -fvisibility=hidden -DPRELOAD \
		-include "$source/compat/preload/real.h" \
		-c "$file" -o "$output/$(basename "$file" .c)-core.o"
done
for file in "$source"/compat/wire/*.c; do
	compile -U_FORTIFY_SOURCE -fPIC -fvisibility=hidden -fno-builtin \
		-I "$source/src" -I "$source/compat/preload" -I "$source/compat/wire" \
		-include "$source/compat/preload/real.h" \
		-include "$source/compat/preload/inside.h" \
		-c "$file" -o "$output/$(basename "$file" .c)-wire.o"
done
for file in "$source"/compat/surroundings/*.c; do
	compile -U_FORTIFY_SOURCE -fPIC -fvisibility=hidden -I "$source/src" \
		-c "$file" -o "$output/$(basename "$file" .c)-surroundings.o"
done
for file in "$source"/compat/preload/*.c; do
	compile -U_FORTIFY_SOURCE -fPIC -fvisibility=hidden -fno-builtin \
		-I "$source/src" -I "$source/compat/wire" -I "$source/compat/surroundings" \
		-c "$file" -o "$output/$(basename "$file" .c).o"
done
# DT_RPATH is also used for the libraries that these libraries need
gcc -m32 -shared -Wl,-soname,libipq-preload.so -Wl,--no-undefined \
	-Wl,-rpath,"$libdir" -Wl,--disable-new-dtags \
	-o "$library/libipq-preload.so" "$output"/*.o \
	"$libdir/libmnl.so.0" "$libdir/libnfnetlink.so.0" \
	"$libdir/libnetfilter_queue.so.1" -ldl
compile -shared -fPIC -fvisibility=hidden -Wl,-soname,libipq.so.0 \
	-Wl,-rpath,"$libdir" -Wl,--disable-new-dtags -I "$source/src" "$source"/src/*.c \
	-o "$library/libipq.so.0" "$libdir/libmnl.so.0" "$libdir/libnfnetlink.so.0" \
	"$libdir/libnetfilter_queue.so.1"

programs=$source/tests/preload/programs
for name in addresses bad both copies lengths others raw reused stock; do
	compile -w -U_FORTIFY_SOURCE "$programs/$name.c" -o "$output/$name"
done
for name in bad copies lengths passed raw; do
	compile -w -U_FORTIFY_SOURCE -D_FILE_OFFSET_BITS=64 -D_TIME_BITS=64 \
		"$programs/$name.c" -o "$output/$name-time64"
done
compile -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 "$programs/fortified.c" \
	-o "$output/fortified"
compile -shared -fPIC -Wl,-soname,libipq.so.0 -I "$source/src" \
	-DPRELOAD "$source/tests/carried/libipq.c" "$source/src/error.c" \
	-o "$output/dead.so"
for name in passer rewriter selector; do
	compile -w -I "$source/include/libipq-nfqueue" "$source/examples/$name.c" \
		"$output/dead.so" -o "$output/$name"
done
compile "$programs/own-reads.c" "$output/dead.so" -o "$output/own-reads"
