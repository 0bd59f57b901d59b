#!/bin/sh
# usage: packaging.sh completions | files
# "completions" tries those of every shell there is, "files" looks at what packages are
# made from with the distributions' own tools. In the project's directory.
set -eu
# shellcheck source=tests/checks/common.sh
. "$(dirname "$0")/common.sh"

failed=

case $1 in
completions)
	export CC=gcc CXX=g++
	TARGETS="compat/ipq-run tools/ipqctl"
	build gcc-O2 -Dwerror=true -Doptimization=2 > /dev/null
	for shell in bash zsh fish; do
		status=0
		tests/completions.sh $shell "$PWD/packaging/completions" "$BUILD" || status=$?
		case $status in
		0)	echo "ok: $shell" ;;
		77)	;;
		*)	echo "failed: $shell"; failed=1 ;;
		esac
	done
	;;
files)
	if command -v rpmlint > /dev/null; then
		rpmlint packaging/libipq.spec || failed=1
		# what is said of a file that is only on its way to a package
		rpmlint packaging/libipq.spec | grep -E '^libipq.spec:[0-9]*:? [WE]:' |
			grep -vE 'invalid-url Source0|no-buildroot-tag' && failed=1
	else
		echo "skipped: no rpmlint: packaging/libipq.spec"
	fi
	if command -v shellcheck > /dev/null; then
		# abuild reads the variables and calls the functions
		shellcheck -s sh -e SC2034,SC2154 packaging/APKBUILD || failed=1
		shellcheck -x debian/tests/[!c]* || failed=1
	else
		echo "skipped: no shellcheck: packaging/APKBUILD"
	fi
	if command -v fish > /dev/null; then
		fish --no-execute packaging/completions/fish/*.fish || failed=1
	fi
	;;
esac
[ ! "$failed" ]
