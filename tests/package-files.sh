#!/bin/sh
# usage: package-files.sh VERSION SOURCEDIR
# The files that packages are made from must have the project's version, and the packaging
# tools that are installed must be able to parse them.
set -eu

version=$1
cd "$2"

# usage: gives FILE VERSION: the file has this version, which must be the project's
gives()
{
	echo "$1: $2"
	[ "$2" = "$version" ] || { echo "the project has version $version"; exit 1; }
}

gives debian/changelog "$(sed -n '1s/.*(\(.*\)).*/\1/p' debian/changelog)"
gives packaging/libipq.spec "$(sed -n 's/^Version: *//p' packaging/libipq.spec)"
gives packaging/APKBUILD "$(sed -n 's/^pkgver=//p' packaging/APKBUILD)"

# a version that is not released yet has its own section above this one
sed -n 's/^Version \([^,]*\), .*/\1/p' NEWS | grep -qx "$version" ||
	{ echo "NEWS does not have version $version"; exit 1; }

if command -v rpmspec > /dev/null; then
	rpmspec --parse packaging/libipq.spec > /dev/null
else
	echo "libipq.spec is not parsed: rpmspec is not installed"
fi
