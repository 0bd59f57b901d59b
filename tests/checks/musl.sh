#!/bin/sh
# usage: musl.sh
# Builds with musl and runs the tests. musl's loader uses musl itself for libraries that
# need glibc, so the distribution's netlink libraries can be used; everything else is
# compiled with musl's headers.
set -eu
# shellcheck source=tests/checks/common.sh
. "$(dirname "$0")/common.sh"

need musl-gcc pkg-config
[ "$(uname -m)" = x86_64 ] || skip "it has been tested on x86_64 only"
tree=$BUILDS/tree-musl
mkdir -p "$tree/include" "$tree/lib/pkgconfig"
for name in linux asm-generic x86_64-linux-gnu/asm libmnl libnetfilter_queue libnfnetlink; do
	ln -sfn "/usr/include/$name" "$tree/include/"
done
for name in libmnl libnetfilter_queue libnfnetlink; do
	cp -a "$(pkg-config --variable=libdir $name)/$name".so* "$tree/lib"
	cat > "$tree/lib/pkgconfig/$name.pc" <<END
Name: $name
Description: the distribution's, for musl
Version: $(pkg-config --modversion $name)
Libs: -L$tree/lib -l${name#lib}
Cflags: -I$tree/include
END
done
musl-gcc -shared -fPIC -O2 -o "$tree/lib/libfortified.so" tests/checks/fortified.c
linked="-L$tree/lib -Wl,-rpath,$tree/lib -Wl,--allow-shlib-undefined"
quoted=$(echo "$linked" | sed "s/ /', '/g")
cat > "$tree/cross" <<END
[binaries]
c = ['musl-gcc']
ar = 'ar'
strip = 'true'
objcopy = 'objcopy'
pkgconfig = 'pkg-config'
pkg-config = 'pkg-config'
[host_machine]
system = 'linux'
cpu_family = 'x86_64'
cpu = 'x86_64'
endian = 'little'
[properties]
pkg_config_libdir = '$tree/lib/pkgconfig'
needs_exe_wrapper = false
[built-in options]
c_args = ['-isystem', '$tree/include']
c_link_args = ['$quoted', '-Wl,--no-as-needed', '-lfortified', '-Wl,--as-needed']
END
unset CC CXX
TESTS="unit system faults preload-raw preload-requests preload-descriptors preload-linked"
build musl --cross-file "$tree/cross" -Dplain_tests=true -Dwerror=true

not_here "musl's text for EBUSY differs" whoever_comes_second_is_told_and_ends
# CFLAGS are for the programs that tests compile
run_tests "$BUILD" --wrapper "env 'CFLAGS=-D_GNU_SOURCE -isystem $tree/include $linked'" \
	--suite unit --suite system --suite faults
not_here "it runs a program that is linked to glibc with a library that is linked to musl" \
	a_vfork_child_does_not_disturb_its_parent \
	a_python_program_with_the_socket_module_is_served \
	without_the_capability_requests_get_eperm_and_malformed_ones_einval
not_here "it defines a malloc that calls glibc's" \
	a_signal_handler_may_read_and_decide
not_here "musl itself reads the memory at an address that is invalid" \
	foreign_descriptors_give_the_same_results_and_errors_as_without \
	foreign_descriptors_whose_numbers_were_ours_give_the_same_results
not_here "musl's fileno does not return the descriptor of such a stream" \
	streams_on_the_socket_are_read_and_written
not_here "musl's loader finds libraries by file name, so it needs a file libipq.so.0" \
	programs_are_served_where_there_is_no_libipq a_dropper_drops \
	a_program_linked_to_libipq_finds_it_beneath_ipq_run \
	a_program_may_read_the_descriptor_in_its_handle_itself
run_tests "$BUILD" preload-raw preload-requests preload-descriptors preload-linked
