#!/bin/sh
# usage: without-nfqueue.sh PROBE WORKDIR
# On a kernel without nfnetlink_queue ipq_create_handle fails as the old one did
# without its module. Most kernels to be tested on have it built in, so one that
# has it as a module is booted in a virtual machine.
set -eu
probe=$(readlink -f "$1") work=$2
here=$(dirname "$(readlink -f "$0")")

skip()
{
	echo "skipped: without-nfqueue: $1"
	exit 77
}

mkdir -p "$work"
cd "$work"
# shellcheck source=tests/kernel/machine.sh
. "$here/machine.sh"
machine_begin
machine_add "$probe"
for name in sh mount insmod poweroff; do
	ln -s busybox root/bin/$name
done
cp "$here/init" root/init
ln -s "$probe" root/bin/probe
for module in nfnetlink nfnetlink_queue; do
	find kernel -name $module.ko -exec cp {} root/modules/ \;
done
machine_boot 180 -m 512

failed=0
expect()
{
	if grep -qF "$1" console; then
		echo "ok: $1"
	else
		echo "FAILED: expected on the console: $1"
		failed=1
	fi
}
expect "without nfnetlink: no handle: Unable to create netlink socket: Protocol not supported"
expect "without nfnetlink_queue: no handle: Unable to create netlink socket: Protocol not supported"
expect "debug: libipq: this kernel has no nfnetlink_queue; load it (modprobe nfnetlink_queue)"
expect "with nfnetlink_queue: handle: mode set, then 0"
[ $failed = 0 ] || cat console
exit $failed
