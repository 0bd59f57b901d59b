#!/bin/sh
# usage: packages.sh SOURCEDIR
# The Debian packages must build, pass lintian, install into an empty root directory, pass
# their own tests there, and leave nothing behind when they are removed.
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

# continue in a network namespace, and as root of a user namespace unless root already
if [ "${2-}" != inside ]; then
	for tool in dpkg-buildpackage dh iptables-legacy ip ping pkg-config unshare; do
		command -v $tool > /dev/null ||
			skip "$tool is not installed (dpkg-dev, debhelper, iptables, iproute2, iputils-ping)"
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
# the packages are built independently of the environment of the test
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
(cd copy && dpkg-buildpackage -us -uc) > build.log 2>&1 ||
	{ tail -50 build.log; fail "dpkg-buildpackage"; }
! grep '^dpkg-gensymbols: warning' build.log || fail "libipq0.symbols is wrong"
ls ./*.deb

if command -v lintian > /dev/null; then
	echo "* lintian"
	lintian --allow-root --display-info --pedantic --show-overrides \
		--fail-on error,warning,pedantic ./*.changes
fi

echo "* install"
mkdir -p root/var/lib/dpkg/info root/var/lib/dpkg/updates root/var/lib/dpkg/triggers
: > root/var/lib/dpkg/status
files > before
run_dpkg --install libipq0_*.deb libipq-dev_*.deb libipq-tools_*.deb
dpkg --root="$work/root" -V libipq0 libipq-dev libipq-tools

echo "* run the packages' own tests"
libdir=$(dirname "$(find "$work/root/usr" -name libipq.so)")
(
	export PKG_CONFIG_PATH="$libdir/pkgconfig" PKG_CONFIG_SYSROOT_DIR="$work/root"
	export LD_LIBRARY_PATH="$libdir" PATH="$work/root/usr/bin:$PATH"
	sed -n 's/^Tests: //p' copy/debian/tests/control | tr ' ' '\n' > tests
	while read -r test; do
		echo "** $test"
		copy/debian/tests/"$test" < /dev/null || fail "debian/tests/$test: status $?"
	done < tests
)

echo "* remove"
run_dpkg --purge libipq-tools libipq-dev libipq0
files > after
diff before after || fail "files are left behind"
