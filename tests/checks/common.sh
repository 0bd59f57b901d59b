# shellcheck shell=sh
# For the checks: they run in the project's directory and have their builds in
# BUILDS. A check that cannot run prints why and ends with 77.

need()
{
	for command; do
		command -v "$command" > /dev/null || skip "$command is not installed"
	done
}

skip()
{
	echo "$*"
	exit 77
}

# usage: build NAME OPTION...: sets BUILD.
build()
{
	BUILD=$BUILDS/$1
	shift
	[ -f "$BUILD/build.ninja" ] ||
		meson setup "$BUILD" --prefix="$BUILD/root" --libdir=lib "$@"
	ninja -C "$BUILD"
}

# usage: run_tests BUILD ARGUMENT...: what meson test is told.
run_tests()
{
	tested=$1
	shift
	# with --setup the log has another name
	rm -f "$tested"/meson-logs/testlog*.txt
	meson test -C "$tested" --no-rebuild --print-errorlogs "$@" || failed=1
	awk -f tests/summary.awk "$tested"/meson-logs/testlog*.txt || failed=1
	[ ! "${failed-}" ]
}
