#!/bin/sh
# usage: foreign.sh i386 | arm64 | s390x
# Cross-compiles with a tree of the other architecture's libraries, and runs the tests
# that can run: for i386 all, with this kernel; for the others the tests without the
# kernel's queues, which qemu-user does not support.
set -eu
# shellcheck source=tests/checks/common.sh
. "$(dirname "$0")/common.sh"

machine=$1 is_native=false
tree=$BUILDS/tree-$machine
# clang for the others: Debian's gcc for them cannot be installed together
# with gcc-multilib
case $machine in
i386)	# -Wno-psabi: nothing here is linked to code of an older gcc
	triplet=i386-linux-gnu; cc="'gcc', '-m32', '-Wno-psabi'"; cpu=x86; endian=little ;;
arm64)	triplet=aarch64-linux-gnu; cc="'clang', '--target=$triplet'"; cpu=aarch64; endian=little ;;
s390x)	triplet=s390x-linux-gnu; cc="'clang', '--target=$triplet'"; cpu=s390x; endian=big ;;
esac

need apt-get dpkg
case $machine in
i386)	mkdir -p "$tree"
	echo 'int main(void) { return 0; }' |
		gcc -m32 -x c -o "$tree/program" - 2> /dev/null || skip "gcc -m32 cannot link"
	! "$tree/program" 2> /dev/null || is_native=true
	;;
*)	[ -d "/usr/$triplet/include" ] || skip "no C library for $machine (libc6-dev-$machine-cross)"
	need clang "$triplet-ld" "qemu-$cpu-static" ;;
esac

# apt's lists of that architecture are stored here; the system is not changed
if [ ! -d "$tree/usr" ]; then
	mkdir -p "$tree/apt/lists/partial" "$tree/apt/cache/archives/partial"
	apt="-o APT::Architecture=$machine -o APT::Architectures=$machine
		-o Dir::State::lists=$tree/apt/lists -o Dir::Cache=$tree/apt/cache
		-o Dir::State::status=/dev/null -o APT::Sandbox::User=root"
	# one of the lists may fail to load without being needed
	# shellcheck disable=SC2086 # words
	(cd "$tree/apt" && { apt-get $apt update || :; } &&
		apt-get $apt download libmnl0 libmnl-dev libnetfilter-queue1 \
			libnetfilter-queue-dev libnfnetlink0 libnfnetlink-dev) \
		> "$tree/log" 2>&1 < /dev/null || { cat "$tree/log"; skip "no packages for $machine"; }
	for package in "$tree"/apt/*.deb; do
		dpkg -x "$package" "$tree"
	done
fi

libraries=$(realpath "$tree")/usr/lib/$triplet
cat > "$tree/cross" <<END
[binaries]
c = [$cc]
ar = 'ar'
strip = 'true'
objcopy = '$([ "$machine" = i386 ] || echo "$triplet-")objcopy'
pkgconfig = 'pkg-config'
pkg-config = 'pkg-config'
$([ "$machine" = i386 ] || echo "exe_wrapper = ['qemu-$cpu-static', '-L', '/usr/$triplet']")
[host_machine]
system = 'linux'
cpu_family = '$cpu'
cpu = '$cpu'
endian = '$endian'
[properties]
sys_root = '$(realpath "$tree")'
pkg_config_libdir = '$libraries/pkgconfig'
needs_exe_wrapper = $([ $is_native = true ] && echo false || echo true)
[built-in options]
c_args = ['-isystem', '$(realpath "$tree")/usr/include']
c_link_args = ['-L$libraries', '-Wl,-rpath,$libraries', '-Wl,--disable-new-dtags']
END

# Follows the recipe of docs/unmodified.md for 32-bit programs: it must install the
# libraries and none of the tools.
follow_recipe()
{
	cat > "$tree/there" <<END
[properties]
sys_root = '$(realpath "$tree")'
pkg_config_libdir = '$libraries/pkgconfig'
[built-in options]
c_args = ['-isystem', '$(realpath "$tree")/usr/include']
c_link_args = ['-L$libraries']
END
	recipe=$(sed -n 's/^    meson setup build32 //p' docs/unmodified.md)
	[ "$recipe" ] || { echo "docs/unmodified.md has no recipe"; exit 1; }
	rm -rf "$BUILDS/recipe" "$tree/installed"
	# shellcheck disable=SC2086 # words
	meson setup "$BUILDS/recipe" $recipe --cross-file "$tree/there"
	ninja -j 2 -C "$BUILDS/recipe"
	DESTDIR=$(realpath "$tree")/installed meson install -C "$BUILDS/recipe"
	for library in libipq.so.0 libipq/libipq-preload.so libipq/libipq.so.0; do
		readelf -h "$tree/installed/usr/local/lib32/$library" | grep -q ELF32 ||
			{ echo "no 32-bit $library"; exit 1; }
	done
	! find "$tree/installed" ! -type d | grep -vE '/usr/local/(lib32|include)/|/classes/' ||
		{ echo "other files than the libraries are installed"; exit 1; }
}

[ "$machine" = i386 ] || export OBJCOPY="$triplet-objcopy" AR="$triplet-ar"
unset CC CXX
[ "$machine" = i386 ] || TESTS="unit faults-ids"
build "$machine" --cross-file "$tree/cross" -Dplain_tests=true -Dwerror=true
case $machine in
i386)
	follow_recipe
	[ $is_native = true ] || {
		echo "skipped: tests of 32-bit programs: this kernel does not run such programs"
		exit 0
	}
	# CFLAGS are for the programs that tests compile
	run_tests "$BUILD" --suite unit --suite system --suite batched --suite faults \
		--suite soak --wrapper "env CFLAGS=-Wl,-rpath-link,$libraries"
	not_here "the 64-bit commands that it runs print that they cannot preload a 32-bit library" \
		QUEUE_queues_the_packet_again_with_a_new_id \
		REPEAT_sends_the_packet_through_the_rules_again \
		a_packet_costs_two_system_calls_its_interface_named \
		a_packet_costs_two_system_calls_wherever_it_is_read_to
	run_tests "$BUILD" --suite carried
	;;
*)
	run_tests "$BUILD" --suite unit
	run_tests "$BUILD" faults-ids
	;;
esac
