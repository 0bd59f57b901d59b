#!/bin/sh
# usage: kernel.sh SECONDS TEST...|all
# Runs the demo and the named tests of tests/system in a virtual machine with Debian's
# kernel, which is older than most that the tests run on, within this time. The machine is
# emulated, and therefore slow.
set -eu
. tests/checks/common.sh

limit=$1
shift
TESTS=system
build plain -Doptimization=1 -Dplain_tests=true > /dev/null

# in place of the demo's compiler, which is not there: copies the programs that
# are built already
shims()
{
	mkdir -p root/shims
	cat > root/shims/cc <<-END
		#!/bin/sh
		name=\${1##*/}
		case " \$* " in
		*" -static "*)	cp "/shims/\${name%.c}-static" "\$3" ;;
		*)		cp "$BUILD/examples/\${name%.c}" "\$3" ;;
		esac
	END
	cat > root/shims/ldd <<-'END'
		#!/bin/sh
		LD_TRACE_LOADED_OBJECTS=1 exec "$1"
	END
	echo '#!/bin/sh' > root/shims/pkg-config
	"${CC:-cc}" -static -I"$source/include/libipq-nfqueue" -I"$source/include" \
		-o root/shims/raw-static "$source/examples/raw.c"
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
for name; do
	[ "$name" != processes ] || continue	# this test needs a compiler
	[ -x "$BUILD/tests/system-$name" ] || { echo "no test $name"; exit 1; }
	echo "$name $BUILD/tests/system-$name"
done > root/tests
# The distribution's own: a busybox that executes commands of its own executes itself, the
# one that does not start a shell, but is one.
for command in awk cat chmod cp cut date dirname env flock grep head hostname ip ip6tables-legacy \
	iptables-legacy ln ls lsmod mkdir mktemp modprobe mount nsenter ping realpath rm rmmod \
	sed seq setpriv sh sleep strace sysctl tail timeout touch tr uname unshare xargs; do
	command -v $command
done > commands
# shellcheck disable=SC2046 # words
machine_add $(cat commands) /bin/sh /sbin/iptables /sbin/modprobe /sbin/sysctl $(cut -d ' ' -f 2 root/tests) \
	"$BUILD/tests/batch-ending" "$BUILD/tests/secure-program" "$BUILD/src/libipq.so.0" \
	"$BUILD/examples/dropper" "$BUILD/examples/passer" "$BUILD/examples/raw" \
	"$BUILD/examples/rewriter" "$BUILD/examples/say" /usr/lib/*/xtables/*.so
ln -s busybox root/bin/poweroff
shims
# the installation that the demo uses
DESTDIR=$PWD/root meson install -C "$BUILD" --no-rebuild --quiet
prefix=$(dirname "$(dirname "$(find root -path '*/bin/ipq-run')")")
mkdir -p "root$source/scripts" "root$source/build-demo"
ln -s "${prefix#root}" "root$source/build-demo/root"
cp "$source/scripts/demo" "root$source/scripts/"
cp -r "$source/examples" "root$source/"
echo "$source" > root/source
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
depmod -b root "$version"
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
cut -d ' ' -f 1 root/tests | while read -r name; do
	grep -q "^test: $name," console || echo "FAILED: $name was not run"
done | grep . && failed=1
[ ! "${failed-}" ]
