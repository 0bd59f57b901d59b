#!/bin/sh
# usage: memory.sh sanitizers | threads | valgrind
# Runs the tests with tools that check memory accesses: gcc's address and undefined
# behaviour sanitizers (scripts/test uses clang's), the thread sanitizer, memcheck.
set -eu
# shellcheck source=tests/checks/common.sh
. "$(dirname "$0")/common.sh"

# usage: run_beneath RUNTIME BUILD
# Runs the tests of the preload library, taken from a build without a sanitizer, with the
# library of BUILD, which has one. The test programs have none, so the sanitizer's runtime
# library must be preloaded first.
run_beneath()
{
	runtime=$(gcc -print-file-name="$1") sanitized=$2
	[ "${runtime#/}" != "$runtime" ] || skip "$1 is not installed"
	left_out "it replaces malloc, as the sanitizer does" \
		footprint/nothing_is_allocated_before_the_first_socket \
		footprint/jemalloc_may_be_preloaded_before_or_after \
		descriptors/a_signal_handler_may_read_and_decide
	left_out "it runs a program with a sanitizer of its own" \
		footprint/a_program_with_address_sanitizer_is_served \
		footprint/a_program_with_the_shared_address_sanitizer_is_served
	left_out "it finds the symbols that the sanitizer adds to the library" \
		footprint/there_is_one_constructor \
		footprint/nothing_else_is_exported
	run_tests "$BUILDS/gcc-O2" --timeout-multiplier 4 \
		--wrapper "env 'PRELOAD=$runtime $sanitized/compat/libipq-preload.so'" \
		preload-bad preload-descriptors preload-footprint preload-fortified \
		preload-linked preload-raw preload-requests
	filter=
}

# usage: run_carried BUILD SANITIZED ARGUMENT...
# Runs the tests with the old library inside with the preload library of SANITIZED. Call
# it after run_beneath, which sets runtime.
run_carried()
{
	tested=$1 preload="$runtime $2/compat/libipq-preload.so"
	shift 2
	run_tests "$tested" --timeout-multiplier 4 --wrapper "env 'LD_PRELOAD=$preload'" "$@"
}

# usage: run_supervised BUILD IPQ_RUN
# Runs tests of BUILD, whose programs have no sanitizer, with this ipq-run, which has one.
run_supervised()
{
	run_tests "$1" --timeout-multiplier 4 --wrapper "env SUPERVISOR=$2" \
		supervise-bad supervise-both supervise-descriptors supervise-files \
		supervise-held supervise-hostile supervise-kinds supervise-life supervise-missed \
		supervise-raw supervise-requests supervise-shells supervise-surroundings
	# the command of these tests begins with the ipq-run of BUILD
	run_tests "$1" --timeout-multiplier 4 \
		--wrapper "sh -c 'shift; exec $2 \"\$@\"' sh" \
		supervised-modes supervised-reading supervised-verdicts \
		supervised-verdicts-batched supervised-families supervised-forks
}

export CC=gcc CXX=g++
export PLAIN_PATIENCE=4
case $1 in
sanitizers)
	options=strict_string_checks=1
	export ASAN_OPTIONS="$options"
	export LSAN_OPTIONS="suppressions=$PWD/tests/leaks:print_suppressions=0"
	export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
	build gcc-O2 -Dwerror=true -Doptimization=2
	TESTS="staged-install batched faults soak languages"
	# leaks are reported after a test has ended, when Criterion already has its result
	build sanitizers -Dplain_tests=true -Db_sanitize=address,undefined -Db_lundef=false
	run_tests "$BUILD" staged-install
	# the others run with clang's sanitizers (scripts/test)
	run_tests "$BUILD" --suite batched --suite faults --timeout-multiplier 4
	# the test checks how memory grows, so freed memory must not be kept in quarantine
	ASAN_OPTIONS=$options:quarantine_size_mb=0:thread_local_quarantine_size_kb=0
	run_tests "$BUILD" --suite soak
	# interpreters do not free all memory, and these programs do not
	# destroy their handles
	options=$options:detect_leaks=0
	ASAN_OPTIONS=$options
	runtime=$(gcc -print-file-name=libasan.so)
	run_tests "$BUILD" --wrapper "env LD_PRELOAD=$runtime" --suite languages
	sanitized=$BUILD
	run_beneath libasan.so "$sanitized"
	# the commands that these tests run have the libraries preloaded, too
	ASAN_OPTIONS=$options:verify_asan_link_order=0
	run_carried "$BUILDS/gcc-O2" "$sanitized" --suite carried
	# ipq-run puts its library before the sanitizer's
	staged=$sanitized/staged/$sanitized/root
	run_tests "$BUILDS/gcc-O2" --timeout-multiplier 4 --wrapper "env
		PRELOAD=$sanitized/compat/libipq-preload.so IPQ_RUN=$sanitized/compat/ipq-run
		STAGED_PREFIX=$staged STAGED_IPQ_RUN=$staged/bin/ipq-run" \
		preload-runner
	run_supervised "$BUILDS/gcc-O2" "$sanitized/compat/ipq-run"
	echo "skipped: preload-wrappers: after a child of vfork(2) executes a program, the" \
		"shell, whose stack it used, is left with the sanitizer's marks on that stack"
	echo "skipped: preload-i386: the 32-bit library is built separately, without sanitizers"
	echo "skipped: without-nfqueue: the program does not destroy its handle, and the" \
		"option that ignores leaks is not passed to the virtual machine"
	for test in faults-exhaustion faults-moments faults-shortages batch_killed batch_moments \
		preload-exhaustion; do
		echo "skipped: $test: it replaces functions of the C library, as sanitizers do"
	done
	;;
threads)
	need setarch
	# the thread sanitizer supports fewer random address bits than the kernel may use
	[ "${FIXED_ADDRESSES-}" ] || exec setarch -R env FIXED_ADDRESSES=yes "$0" "$@"
	build gcc-O2 -Dwerror=true -Doptimization=2
	TESTS="threads threads-batched handles reading
		strangers load load-batched forks readiness devices families families_load
		families_movers families_threads families_load-batched handover handover-batched batch_threads
		batch_reading batch_forks links faults-readers faults-interfaces
		faults-interruptions"
	# Criterion's arena is at addresses that this sanitizer reserves
	build threads -Dplain_tests=true -Db_sanitize=thread -Db_lundef=false
	not_here "it exceeds its time limit, as the sanitizer is initialized in each process" \
		forked_processes_without_number_have_pairs_one_after_the_other
	not_here "signals arrive faster than the sanitizer delivers them" \
		an_endless_read_gives_EINTR_and_loses_nothing \
		a_timed_read_gives_0_with_EINTR_and_loses_nothing
	not_here "the sanitizer calls a signal handler only after the interrupted system call" \
		a_read_interrupted_by_a_handler_that_decides_goes_on_if_it_restarts \
		a_signal_ends_a_timed_wait_with_0_and_leaves_the_text \
		a_signal_ends_an_endless_wait_with_EINTR \
		an_endless_wait_goes_on_after_a_restarting_handler
	# shellcheck disable=SC2086 # words
	run_tests "$BUILD" --timeout-multiplier 4 $TESTS
	sanitized=$BUILD
	left_out "it exceeds its time limit, as the interpreter is slow with the sanitizer" \
		linked/a_python_program_with_the_socket_module_is_served
	run_beneath libtsan.so "$sanitized"
	TESTS="carried-threads carried-load carried-forks carried-families
		carried-families_load carried-handover carried-readiness"
	build plain -Doptimization=1 -Dplain_tests=true
	not_here "the sanitizer calls the signal handler only after the read" \
		a_handler_that_interrupts_the_read_may_give_a_verdict
	# shellcheck disable=SC2086 # words
	run_carried "$BUILD" "$sanitized" $TESTS
	;;
valgrind)
	need valgrind
	# Criterion has the result of a test before memcheck sets its exit status
	TESTS="byte_order translate hostile ids requests settings_parse wire pieces links faults-ids
		handles modes readiness reading buffers strangers verdicts payload
		payload_limits ipv6 families families_movers handover several_handles ranges gso
		fail_open ctl metadata copies ownership forks privileges settings debug
		batch batch_ends batch_readiness batch_reading batch_verdicts rules
		faults-thieves ipqctl-arguments ipqctl-rules"
	build plain -Doptimization=1 -Dplain_tests=true
	not_here "it exceeds its time limit, as memcheck is initialized in each process" \
		forked_processes_without_number_have_pairs_one_after_the_other
	not_here "it counts memcheck's memory, too" many_pairs_leave_nothing_behind
	not_here "it gives the kernel a bad address, which memcheck reports" \
		without_a_buffer_the_message_is_lost
	not_here "it counts memcheck's system calls, too" \
		packets_that_wait_take_few_system_calls
	# shellcheck disable=SC2086 # words
	run_tests "$BUILD" --setup valgrind $TESTS
	;;
esac
