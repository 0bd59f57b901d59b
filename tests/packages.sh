#!/bin/sh
# usage: packages.sh SOURCEDIR
# The Debian packages build, please lintian, install into an empty root, are
# enough to compile a program and run it on packets, and leave nothing behind.
set -eu

PATH=$PATH:/usr/sbin:/sbin
source=$1

skip()
{
	echo "skipped: $*"
	exit 77
}

fail()
{
	echo "$*"
	exit 1
}

# root, at least here, and a network of our own
if [ "${2-}" != inside ]; then
	for tool in dpkg-buildpackage dh iptables-legacy ip ping pkg-config unshare; do
		command -v $tool > /dev/null ||
			skip "no $tool (dpkg-dev, debhelper, iptables, iproute2, iputils-ping)"
	done
	missing=$(cd "$source" && dpkg-checkbuilddeps 2>&1) || skip "$missing"
	user=r
	[ "$(id -u)" != 0 ] || user=
	exec unshare -${user:+U$user}n "$0" "$source" inside
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
export XTABLES_LOCKFILE="$work/xtables.lock"
# of the test's caller, a build of its own
unset CC CFLAGS LD_LIBRARY_PATH PKG_CONFIG_PATH

run_dpkg()
{
	dpkg --root="$work/root" --force-depends --log="$work/dpkg.log" "$@" > dpkg.out 2>&1 ||
		{ cat dpkg.out; fail "dpkg $1"; }
}

files()
{
	find root -path root/var/lib/dpkg -prune -o -print | sort
}

echo "* build"
mkdir copy
tar -C "$source" --exclude='./build*' --exclude=./.git -cf - . | tar -C copy -xof -
(cd copy && dpkg-buildpackage -b -us -uc) > build.log 2>&1 ||
	{ tail -50 build.log; fail "dpkg-buildpackage"; }
! grep '^dpkg-gensymbols: warning' build.log || fail "libipq0.symbols is not right"
ls ./*.deb

if command -v lintian > /dev/null; then
	echo "* lintian"
	lintian --allow-root --fail-on error ./*.changes
fi

echo "* install"
mkdir -p root/var/lib/dpkg/info root/var/lib/dpkg/updates root/var/lib/dpkg/triggers
: > root/var/lib/dpkg/status
files > before
run_dpkg --install libipq0_*.deb libipq-dev_*.deb libipq-tools_*.deb
dpkg --root="$work/root" -V libipq0 libipq-dev libipq-tools

echo "* compile and run"
libdir=$(dirname "$(find "$work/root/usr" -name libipq.so)")
export PKG_CONFIG_PATH="$libdir/pkgconfig" LD_LIBRARY_PATH="$libdir"
# shellcheck disable=SC2046 # flags are words
cc -Wall -Wextra -Werror root/usr/share/doc/libipq-dev/examples/passer.c -o passer \
	$(pkg-config --define-variable=prefix="$work/root/usr" --cflags --libs libipq)
ldd passer | grep -q "$libdir/libipq.so.0" || fail "passer has another libipq"
ip link set lo up
iptables-legacy -A OUTPUT -p icmp --icmp-type echo-request -j QUEUE
for run in '' root/usr/bin/ipq-run; do
	timeout 20 $run ./passer 1 > passed &
	# until one passes; those before the passer is ready are dropped
	ping -c 1 -w 20 -i 0.2 127.0.0.1 > /dev/null || fail "$run passer: nothing passed"
	wait $! || fail "$run passer: failed"
	cat passed
done
root/usr/bin/ipqctl status > /dev/null || fail "ipqctl status"

echo "* remove"
run_dpkg --purge libipq-tools libipq-dev libipq0
files > after
diff before after || fail "something is left behind"
