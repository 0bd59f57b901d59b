# shellcheck shell=sh
# Shared by the checks, which run in the project's directory and have their builds in
# BUILDS. A check that cannot run says why and exits with status 77.

: "${BUILDS:=$PWD/build-check}"
mkdir -p "$BUILDS"

# for tests/summary.awk; if the variable is empty, Criterion runs no tests, and succeeds
export CRITERION_OUTPUTS=tap:/dev/stdout

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

# usage: build NAME OPTION...
# Sets BUILD, and builds there; other checks may use the same build at the same time.
# Builds only TARGETS if that is set, or what the tests and suites in TESTS need.
build()
{
	BUILD=$BUILDS/$1
	shift
	exec 9> "$BUILD.lock"
	flock 9
	# scripts/test has made this build
	if [ ! -e "$BUILD" ] && [ "$BUILD" = "$BUILDS/gcc-O2" ]; then
		mkdir -p build
		ln -s "$PWD/build" "$BUILD"
	fi
	[ -f "$BUILD/build.ninja" ] ||
		meson setup "$BUILD" --prefix="$BUILD/root" --libdir=lib "$@"
	# shellcheck disable=SC2086 # words
	ninja -j 2 -C "$BUILD" ${TARGETS-$([ ! "${TESTS-}" ] || tests/checks/targets.py "$BUILD" $TESTS)}
	exec 9>&-
}

# usage: not_here REASON TEST...
# For run_tests with a build without Criterion: leaves out tests.
export PLAIN_SKIP=
not_here()
{
	reason=$1
	shift
	PLAIN_SKIP="$PLAIN_SKIP $*"
	for test; do
		echo "skipped: $test: $reason"
	done
}

# usage: left_out REASON SUITE/TEST...
# For run_tests with a build with Criterion: leaves out tests.
filter=
left_out()
{
	reason=$1
	shift
	for test; do
		filter="$filter${filter:+|}$test"
		echo "skipped: $test: $reason"
	done
}

# usage: names ARGUMENT...: prints those that are neither options of meson test nor their
# values
names()
{
	value=
	for argument; do
		case $argument in
		--*=*)	value= ;;
		--*)	value=next ;;
		*)	[ "$value" ] || echo "$argument"
			value= ;;
		esac
	done
}

# usage: run_tests BUILD ARGUMENT...: the arguments are those of meson test
run_tests()
{
	tested=$1
	shift
	wanted=$(names "$@")
	[ ! "$filter" ] || set -- --test-args="'--filter=!($filter)'" "$@"
	# another check may use the same build; --setup and --wrapper append to the name
	log=testlog-${CHECK:-check}
	rm -f "$tested/meson-logs/$log"*.txt
	meson test -C "$tested" --no-rebuild --print-errorlogs --logbase "$log" "$@" ||
		failed=1
	awk -f tests/summary.awk -v filter="$filter$PLAIN_SKIP" \
		"$tested/meson-logs/$log"*.txt || failed=1
	# meson test ignores names that do not exist
	for name in $wanted; do
		grep -q "^test: .* $name\$" "$tested/meson-logs/$log"*.txt || {
			echo "failed: $name: there is no such test"
			failed=1
		}
	done
	[ ! "${failed-}" ]
}
