#!/bin/sh
# usage: memory.sh sanitizers | threads | valgrind
# The tests with what watches memory: gcc's address and undefined behaviour
# sanitizers (scripts/test has clang's), the thread sanitizer, memcheck.
set -eu
# shellcheck source=tests/checks/common.sh
. "$(dirname "$0")/common.sh"

# usage: run_beneath RUNTIME BUILD: the tests of the preload library, which are of a
# build without sanitizer, with that of a build with one. The programs in them are
# as they are, so its runtime library has to be the first.
run_beneath()
{
	runtime=$(gcc -print-file-name="$1") sanitized=$2
	[ "${runtime#/}" != "$runtime" ] || skip "$1 is not installed"
	left_out "has a malloc of its own, as the sanitizer has" \
		footprint/nothing_is_allocated_before_the_first_socket \
		footprint/jemalloc_may_be_preloaded_before_or_after \
		descriptors/a_signal_handler_may_read_and_decide
	left_out "has a sanitizer of its own" \
		footprint/a_program_with_address_sanitizer_is_served \
		footprint/a_program_with_the_shared_address_sanitizer_is_served
	left_out "finds what the sanitizer put into the library" \
		footprint/there_is_one_constructor \
		footprint/nothing_else_is_exported
	run_tests "$BUILDS/gcc-O2" --timeout-multiplier 4 \
		--wrapper "env 'PRELOAD=$runtime $sanitized/compat/libipq-preload.so'" \
		preload-bad preload-descriptors preload-footprint preload-fortified \
		preload-linked preload-raw preload-requests
	filter=
}

# usage: run_carried BUILD SANITIZED ARGUMENT...: the tests with a library of their own
# inside, after that
run_carried()
{
	tested=$1 preload="$runtime $2/compat/libipq-preload.so"
	shift 2
	run_tests "$tested" --timeout-multiplier 4 --wrapper "env 'LD_PRELOAD=$preload'" "$@"
}

export CC=gcc CXX=g++
case $1 in
sanitizers)
	options=strict_string_checks=1
	export ASAN_OPTIONS="$options"
	export LSAN_OPTIONS="suppressions=$PWD/tests/leaks:print_suppressions=0"
	export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
	build gcc-O2 -Dwerror=true -Doptimization=2
	TESTS="staged-install batched faults soak languages"
	# leaks are found when a test has ended, of which Criterion does not want to know
	build sanitizers -Dplain_tests=true -Db_sanitize=address,undefined -Db_lundef=false
	run_tests "$BUILD" staged-install
	# the others run with clang's sanitizers (scripts/test)
	run_tests "$BUILD" --suite batched --suite faults --timeout-multiplier 4
	# it judges how memory grows: none may be put aside
	ASAN_OPTIONS=$options:quarantine_size_mb=0:thread_local_quarantine_size_kb=0
	run_tests "$BUILD" --suite soak
	# programs that are none of ours, and forget their handles
	options=$options:detect_leaks=0
	ASAN_OPTIONS=$options
	runtime=$(gcc -print-file-name=libasan.so)
	run_tests "$BUILD" --wrapper "env LD_PRELOAD=$runtime" --suite languages
	sanitized=$BUILD
	run_beneath libasan.so "$sanitized"
	# the commands that these run are preloaded, too
	ASAN_OPTIONS=$options:verify_asan_link_order=0
	run_carried "$BUILDS/gcc-O2" "$sanitized" --suite carried
	# ipq-run puts the library before the sanitizer's
	staged=$sanitized/staged/$sanitized/root
	run_tests "$BUILDS/gcc-O2" --timeout-multiplier 4 --wrapper "env
		PRELOAD=$sanitized/compat/libipq-preload.so IPQ_RUN=$sanitized/compat/ipq-run
		STAGED_PREFIX=$staged STAGED_IPQ_RUN=$staged/bin/ipq-run" \
		preload-runner
	echo "skipped: preload-wrappers: a child of vfork(2) that executes leaves what the" \
		"sanitizer has noted of its stack to the shell, whose stack it is"
	echo "skipped: preload-i386: the 32-bit library is built apart, without sanitizers"
	echo "skipped: without-nfqueue: the program forgets its handle, and the virtual" \
		"machine is not told to overlook it"
	for test in faults-exhaustion faults-moments faults-shortages batch_killed batch_moments \
		preload-exhaustion; do
		echo "skipped: $test: puts functions before the C library's, as sanitizers do"
	done
	;;
threads)
	need setarch
	# no more random addresses than it knows of
	[ "${FIXED_ADDRESSES-}" ] || exec setarch -R env FIXED_ADDRESSES=yes "$0" "$@"
	build gcc-O2 -Dwerror=true -Doptimization=2
	TESTS="threads threads-batched handles reading
		strangers load load-batched forks readiness devices families families_load
		families_movers families_threads families_load-batched handover handover-batched batch_threads
		batch_reading batch_forks links faults-readers faults-interfaces
		faults-interruptions"
	# Criterion's arena lies where this sanitizer lets nothing lie
	build threads -Dplain_tests=true -Db_sanitize=thread -Db_lundef=false
	not_here "takes longer than a test may, as the sanitizer begins anew in each process" \
		forked_processes_without_number_have_pairs_one_after_the_other
	not_here "signals come faster than it hands them on" \
		an_endless_read_gives_EINTR_and_loses_nothing \
		a_timed_read_gives_0_with_EINTR_and_loses_nothing
	not_here "a handler runs only once the system call that it interrupts has ended" \
		a_read_interrupted_by_a_handler_that_decides_goes_on_if_it_restarts \
		a_signal_ends_a_timed_wait_with_0_and_leaves_the_text \
		a_signal_ends_an_endless_wait_with_EINTR \
		an_endless_wait_goes_on_after_a_restarting_handler
	# shellcheck disable=SC2086 # words
	run_tests "$BUILD" --timeout-multiplier 4 $TESTS
	sanitized=$BUILD
	left_out "takes longer than a test may, interpreter and all" \
		linked/a_python_program_with_the_socket_module_is_served
	run_beneath libtsan.so "$sanitized"
	TESTS="carried-threads carried-load carried-forks carried-families
		carried-families_load carried-handover carried-readiness"
	build plain -Doptimization=1 -Dplain_tests=true
	not_here "its handler runs when the read has ended" \
		a_handler_that_interrupts_the_read_may_give_a_verdict
	# shellcheck disable=SC2086 # words
	run_carried "$BUILD" "$sanitized" $TESTS
	;;
valgrind)
	need valgrind
	# Criterion knows of its tests' exit status before memcheck sets it
	TESTS="byte_order translate hostile ids requests settings_parse wire pieces links faults-ids
		handles modes readiness reading buffers strangers verdicts payload
		payload_limits ipv6 families families_movers handover several_handles ranges gso
		fail_open ctl metadata copies ownership forks privileges settings debug
		batch batch_ends batch_readiness batch_reading batch_verdicts rules
		faults-thieves ipqctl-arguments ipqctl-rules"
	build plain -Doptimization=1 -Dplain_tests=true
	not_here "takes longer than a test may, as memcheck begins anew in each process" \
		forked_processes_without_number_have_pairs_one_after_the_other
	not_here "counts memcheck's memory, too" many_pairs_leave_nothing_behind
	not_here "counts memcheck's system calls, too" \
		packets_that_wait_take_few_system_calls
	# shellcheck disable=SC2086 # words
	run_tests "$BUILD" --setup valgrind $TESTS
	;;
esac
