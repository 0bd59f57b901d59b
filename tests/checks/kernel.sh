#!/bin/sh
# usage: kernel.sh SECONDS TEST...|all
# Runs the demo and the named tests of tests/system in a virtual machine with Debian's
# kernel, which is older than most that the tests run on, within this time. The machine is
# emulated, and therefore slow.
set -eu
. tests/checks/common.sh

limit=$1
shift
build gcc-O2 -Dwerror=true -Doptimization=2 > /dev/null

# in place of the demo's compiler, which is not there: copies the programs that
# are built already
shims()
{
	mkdir -p root/shims
	cat > root/shims/cc <<-END
		#!/bin/sh
		name=\${1##*/}
		cp "$BUILD/examples/\${name%.c}" "\$3"
	END
	cat > root/shims/ldd <<-'END'
		#!/bin/sh
		LD_TRACE_LOADED_OBJECTS=1 exec "$1"
	END
	echo '#!/bin/sh' > root/shims/pkg-config
	chmod +x root/shims/*
}

source=$PWD
mkdir -p "$BUILDS/machine"
cd "$BUILDS/machine"
# shellcheck source=tests/kernel/machine.sh
. "$source/tests/kernel/machine.sh"
machine_begin
[ "$*" != all ] || {
	set --
	for program in "$BUILD"/tests/system-*; do
		[ -d "$program" ] || set -- "$@" "${program##*/system-}"
	done
}
for name in awk cat cp cut date dirname grep hostname ln mkdir mktemp mount poweroff rm sed sh \
	sleep sysctl tail timeout tr uname xargs modprobe; do
	ln -s busybox root/bin/$name
done
for name; do
	[ "$name" != processes ] || continue	# this test needs a compiler
	[ -x "$BUILD/tests/system-$name" ] || { echo "no test $name"; exit 1; }
	echo "$name $BUILD/tests/system-$name"
done > root/tests
for command in flock ip ip6tables-legacy iptables-legacy nsenter ping setpriv strace unshare; do
	command -v $command
done > commands
# shellcheck disable=SC2046 # words
machine_add $(cat commands) $(cut -d ' ' -f 2 root/tests) "$BUILD/tests/batch-ending" \
	"$BUILD/tests/secure-program" "$BUILD/src/libipq.so.0" "$BUILD/examples/dropper" \
	"$BUILD/examples/passer" "$BUILD/examples/raw" "$BUILD/examples/rewriter" \
	"$BUILD/examples/say" /usr/lib/*/xtables/*.so
shims
# the directories in which the demo expects its build
demo=$source/build-demo/root
mkdir -p "root$demo/lib/pkgconfig" "root$demo/bin" "root$source/scripts" "root$source/examples" root/sbin
cp -L "$BUILD/src/libipq.so.0" "$BUILD/compat/libipq-preload.so" "root$demo/lib/"
cp "$BUILD/compat/ipq-run" "root$demo/bin/"
cp "$source/scripts/demo" "root$source/scripts/"
cp "$source"/examples/*.c "root$source/examples/"
ln -sf ../bin/busybox root/sbin/modprobe
echo "$source" > root/source
echo 120 > root/limit
cp "$source/tests/kernel/init-tests" root/init
chmod +x root/init
version=$(basename kernel/lib/modules/*)
mkdir -p "root/lib/modules/$version/kernel"
for part in net/netfilter net/ipv4 net/ipv6 net/bridge net/802 net/llc drivers/net lib crypto; do
	[ ! -d "kernel/lib/modules/$version/kernel/$part" ] || {
		mkdir -p "root/lib/modules/$version/kernel/$(dirname $part)"
		cp -r "kernel/lib/modules/$version/kernel/$part" "root/lib/modules/$version/kernel/$part"
	}
done
rm -rf "root/lib/modules/$version/kernel/drivers/net/"ethernet "root/lib/modules/$version/kernel/drivers/net/"wireless
cp kernel/lib/modules/"$version"/modules.* "root/lib/modules/$version/"
busybox depmod -b root "$version" || depmod -b root "$version"
machine_boot "$limit" -m 2048 -smp 2
# leave out control sequences, and the messages before the kernel's
tr -dc '\t\n -~' < console | sed -n '/kernel: Linux/,$p'
grep -q 'It works: old programs passed' console || {
	echo "FAILED: the demo"
	failed=1
}
grep -q 'machine: done' console || {
	echo "FAILED: the tests did not end within $limit s"
	failed=1
}
! grep -q '^FAILED test: ' console || failed=1
[ ! "${failed-}" ]
