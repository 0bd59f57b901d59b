#!/bin/sh
# usage: package-files.sh VERSION SOURCEDIR
# What packages are made from has the project's version and can be read by the
# tools that make them, as far as they are here.
set -eu

version=$1
cd "$2"

# Arguments: a file, and the version it gives.
gives()
{
	echo "$1: $2"
	[ "$2" = "$version" ] || { echo "the project has version $version"; exit 1; }
}

gives debian/changelog "$(sed -n '1s/.*(\(.*\)).*/\1/p' debian/changelog)"
gives packaging/libipq.spec "$(sed -n 's/^Version: *//p' packaging/libipq.spec)"
gives packaging/APKBUILD "$(sed -n 's/^pkgver=//p' packaging/APKBUILD)"

# what is not yet released has a section of its own above
sed -n 's/^Version \([^,]*\), .*/\1/p' NEWS | grep -qx "$version" ||
	{ echo "NEWS does not have version $version"; exit 1; }

if command -v rpmspec > /dev/null; then
	rpmspec --parse packaging/libipq.spec > /dev/null
else
	echo "no rpmspec: libipq.spec is not parsed"
fi
