#!/bin/sh
# usage: without-nfqueue.sh PROBE WORKDIR
# On a kernel without nfnetlink_queue ipq_create_handle fails as the old one did
# without its module. Most kernels to be tested on have it built in, so one that
# has it as a module, Debian's, is booted in a virtual machine.
set -eu
probe=$(readlink -f "$1") work=$2
here=$(dirname "$(readlink -f "$0")")

skip() {
	echo "skipped: without-nfqueue: $1"
	exit 77
}

[ "$(uname -m)" = x86_64 ] || skip "needs an x86_64 machine"
for tool in qemu-system-x86_64 busybox cpio dpkg; do
	command -v $tool >/dev/null || skip "$tool is not installed"
done

mkdir -p "$work"
cd "$work"
if ! [ -d kernel ]; then
	package=$(apt-cache depends linux-image-cloud-amd64 2>/dev/null |
		awk '/Depends: linux-image-/ { print $2; exit }')
	[ -n "$package" ] || skip "no package linux-image-cloud-amd64 is known to apt"
	timeout 120 apt-get download -qq "$package" >download.log 2>&1 ||
		skip "cannot download $package"
	dpkg -x "$package"*.deb kernel.new
	rm -f ./*.deb
	mv kernel.new kernel
fi

rm -rf root
mkdir -p root/bin root/lib root/lib64 root/modules root/proc
cp "$(command -v busybox)" root/bin/busybox
for name in sh mount insmod poweroff; do
	ln -s busybox root/bin/$name
done
cp "$here/init" root/init
cp "$probe" root/bin/probe
ldd "$probe" | grep -o '/[^ ]*' | while read -r file; do
	case $file in
	*/ld-linux*) cp -L "$file" root/lib64/ ;;
	*) cp -L "$file" root/lib/ ;;
	esac
done
for module in nfnetlink nfnetlink_queue; do
	find kernel -name $module.ko -exec cp {} root/modules/ \;
done
(cd root && find . | cpio -o -H newc 2>/dev/null) | gzip -1 > initrd

timeout 180 qemu-system-x86_64 -m 512 -nographic -no-reboot \
	-kernel kernel/boot/vmlinuz-* -initrd initrd \
	-append 'console=ttyS0 quiet panic=-1' </dev/null 2>&1 | tr -d '\r' > console

failed=0
expect() {
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
