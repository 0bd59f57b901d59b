# shellcheck shell=sh
# A virtual machine with Debian's kernel, which has nfnetlink_queue as a module and is
# older than most that tests run on. For scripts that define skip; in the directory of
# the machine. Knows nothing of what runs in it.

# What is needed, and the kernel: downloaded once.
machine_begin()
{
	[ "$(uname -m)" = x86_64 ] || skip "needs an x86_64 machine"
	for tool in qemu-system-x86_64 busybox cpio dpkg; do
		command -v $tool > /dev/null || skip "$tool is not installed"
	done
	if ! [ -d kernel ]; then
		package=$(apt-cache depends linux-image-cloud-amd64 2> /dev/null |
			awk '/Depends: linux-image-/ { print $2; exit }')
		[ -n "$package" ] || skip "no package linux-image-cloud-amd64 is known to apt"
		timeout 120 apt-get download -qq "$package" > download.log 2>&1 ||
			skip "cannot download $package"
		dpkg -x "$package"*.deb kernel.new
		rm -f ./*.deb
		mv kernel.new kernel
	fi
	rm -rf root
	mkdir -p root/bin root/lib64 root/modules root/proc root/sys root/dev root/tmp root/run
	cp "$(command -v busybox)" root/bin/busybox
}

# usage: machine_add FILE...: each where it is here, with the libraries it needs
machine_add()
{
	# a program that is not linked to any is no dynamic executable
	{
		printf '%s\n' "$@"
		ldd "$@" 2> /dev/null | grep -o '/[^ :]*'
	} | sort -u | xargs cp -L --parents -t root
}

# usage: machine_boot SECONDS ARGUMENT...: what qemu is told besides. The first program
# is /init, what it says is in console.
machine_boot()
{
	limit=$1
	shift
	(cd root && find . | cpio -o -H newc 2> /dev/null) | gzip -1 > initrd
	timeout "$limit" qemu-system-x86_64 -nographic -no-reboot "$@" \
		-kernel kernel/boot/vmlinuz-* -initrd initrd \
		-append 'console=ttyS0 quiet panic=-1 random.trust_cpu=on' < /dev/null 2>&1 |
		sed -u 's|\r||g' > console
}
