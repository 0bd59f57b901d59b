/* SPDX-License-Identifier: GPL-2.0-or-later */
/* LIBIPQ_TRACE: writes a line for each packet read and each verdict, and does not disturb
 * the program, however slowly the trace is read. */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "carried.h"
#include "network.h"
#include "process.h"
#include "queue.h"

static char path[] = "/tmp/libipq-trace-XXXXXX";

static void make_file(void)
{
	int fd = mkstemp(path);

	cr_assert(fd >= 0);
	close(fd);
	setenv("LIBIPQ_TRACE", path, 1);
}

static void remove_file(void)
{
	unlink(path);
}

TestSuite(traced, .init = make_file, .fini = remove_file, .timeout = 60);

static void enter(void)
{
	network_enter();
	run("iptables-legacy -A OUTPUT -p udp --dport 7 -j QUEUE");
}

/* Returns the trace so far. The next call overwrites it. */
static const char *trace(void)
{
	static char text[1 << 20];
	FILE *file = fopen(path, "r");

	cr_assert(file);
	text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
	fclose(file);
	return text;
}

/* The text must begin with this line of the trace, after a time and a process id. In
 * wanted, '#' stands for a number. Returns the text after the line. */
static const char *after_line(const char *text, const char *wanted)
{
	char got[600], *to = got;
	int hours, minutes, pid, begins = 0;
	double seconds;

	cr_assert(sscanf(text, "%2d:%2d:%9lf %d %n", &hours, &minutes, &seconds, &pid,
			 &begins) == 4 && begins, "%s", text);
	cr_assert(hours < 24 && minutes < 60 && seconds < 60);
	for (text += begins; *text != '\n'; text++) {
		cr_assert(*text, "cut off: %s", got);
		if (*wanted == '#' && *text >= '0' && *text <= '9') {
			while (text[1] >= '0' && text[1] <= '9')
				text++;
			*to++ = '#';
		} else {
			*to++ = *text;
		}
		wanted += *wanted != '\0';
	}
	*to = '\0';
	cr_assert_str_eq(got, wanted - strlen(got), "%s", got);
	return text + 1;
}

static void expect_lines(const char *const lines[], size_t count)
{
	const char *text = trace();

	for (size_t i = 0; i < count; i++)
		text = after_line(text, lines[i]);
	cr_assert_str_eq(text, "");
}

#define EXPECT(...) do {						\
	static const char *const lines[] = { __VA_ARGS__ };		\
	expect_lines(lines, sizeof(lines) / sizeof(*lines));		\
} while (0)

#define OUTPUT "read OUTPUT in - out lo udp 127.0.0.1:# > 127.0.0.1:7 "

Test(traced, each_packet_and_its_verdict_is_a_line)
{
	struct ipq_handle *h;
	union message m;

	NOT_CARRIED(CARRIED_HAS_NO_MARKS);
	enter();
	h = queue_open(PF_INET, IPQ_COPY_PACKET, 100);
	udp_say(AF_INET, 7, "abcd");
	ipq_set_verdict(h, queue_packet(h, &m)->packet_id, NF_ACCEPT, 0, NULL);
	udp_say(AF_INET, 7, "abcd");
	ipq_set_vwmark(h, queue_packet(h, &m)->packet_id, NF_REPEAT, 0x1f, 0, NULL);
	ipq_destroy_handle(h);
	EXPECT("mode packet, range 100", OUTPUT "32 bytes mark 0 id 1",
	       "verdict accept id 1, after # us", OUTPUT "32 bytes mark 0 id 2",
	       "verdict repeat id 2, mark 0x1f, after # us");
}

Test(traced, a_replaced_payload_is_told_with_its_length)
{
	struct ipq_handle *h;
	ipq_packet_msg_t *m;
	union message message;

	enter();
	h = queue_open(PF_INET, IPQ_COPY_PACKET, 0);
	udp_say(AF_INET, 7, "abcd");
	m = queue_packet(h, &message);
	ipq_set_verdict(h, m->packet_id, NF_ACCEPT, m->data_len, m->payload);
	EXPECT("mode packet, range 0", OUTPUT "32 bytes mark 0 id 1",
	       "verdict accept id 1, payload replaced: 32 bytes, after # us");
	ipq_destroy_handle(h);
}

Test(traced, a_packet_that_is_cut_off_is_told_with_both_lengths)
{
	size_t len = NLMSG_LENGTH(sizeof(ipq_packet_msg_t) + 32);
	struct ipq_handle *h;
	unsigned char buf[256];
	char line[128];

	enter();
	h = queue_open(PF_INET, IPQ_COPY_PACKET, 0);
	udp_say(AF_INET, 7, "abcd");
	cr_assert(ipq_read(h, buf, len - 2, SOON) == -1);
	ipq_destroy_handle(h);
	snprintf(line, sizeof(line),
		 " 32 bytes mark 0 id 1, truncated: %zu bytes, and room for %zu\n", len, len - 2);
	assert_says(trace(), line);
}

Test(traced, a_second_answer_to_a_packet_and_what_comes_of_it_are_told)
{
	struct ipq_handle *h;
	union message m;

	enter();
	h = queue_open(PF_INET, IPQ_COPY_META, 0);
	udp_say(AF_INET, 7, "abcd");
	queue_packet(h, &m);
	for (int i = 0; i < 2; i++)
		ipq_set_verdict(h, 1, NF_DROP, 0, NULL);
	cr_assert(queue_error(h) == ENOENT);
	EXPECT("mode meta, range 0", "read OUTPUT in - out lo mark 0 id 1",
	       "verdict drop id 1, after # us", "verdict drop id 1, answered before",
	       "read error 2 (ENOENT) for verdict drop id 1");
	ipq_destroy_handle(h);
}

Test(traced, reads_without_a_message_are_told_by_why)
{
	struct ipq_handle *h;
	unsigned char buf[200];

	NOT_CARRIED("the old library waits by itself");
	enter();
	h = queue_open(PF_INET, IPQ_COPY_META, 0);
	cr_assert(ipq_read(h, buf, sizeof(buf), -1) == 0);
	cr_assert(ipq_read(h, buf, 10, 0) == -1);
	fcntl(h->fd, F_SETFL, O_NONBLOCK);
	cr_assert(ipq_read(h, buf, sizeof(buf), 0) == -1);
	EXPECT("mode meta, range 0", "read: nothing came in time",
	       "read: the buffer is too small", "read failed, EAGAIN");
	ipq_destroy_handle(h);
}

Test(traced, refused_requests_are_told)
{
	struct ipq_handle *h;

	NOT_CARRIED("nothing is known of a descriptor that is closed");
	enter();
	h = queue_open(PF_INET, IPQ_COPY_META, 0);
	ipq_set_mode(h, 77, 0);
	cr_assert(queue_error(h) == EINVAL);
	ipq_set_verdict(h, 9, 1234, 0, NULL);
	cr_assert(queue_error(h) == EINVAL);
	close(h->fd);
	cr_assert(ipq_set_mode(h, IPQ_COPY_NONE, 0) == -1 && errno == EBADF);
	EXPECT("mode meta, range 0", "mode unknown 77",
	       "read error 22 (EINVAL) for mode unknown 77",
	       "verdict unknown 0x4d2 id 9",
	       "read error 22 (EINVAL) for verdict unknown 0x4d2 id 9",
	       "mode none, range 0, failed: EBADF");
}

Test(traced, nothing_of_it_is_to_be_noticed_by_the_program)
{
	struct ipq_handle *h;
	union message m;
	int descriptor;

	enter();
	descriptor = dup(0);
	close(descriptor);
	errno = 77;
	h = ipq_create_handle(0, PF_INET);
	cr_assert(h && errno == 77 && h->fd == descriptor);
	cr_assert(ipq_set_mode(h, IPQ_COPY_META, 0) == MODE_SENT && errno == 77);
	udp_say(AF_INET, 7, "abcd");
	errno = 77;
	cr_assert(ipq_read(h, m.buf, sizeof(m), SOON) > 0 && errno == 77);
	cr_assert(ipq_set_verdict(h, 1, NF_DROP, 0, NULL) == VERDICT_SENT && errno == 77);
	ipq_destroy_handle(h);
	cr_assert(errno == 77);
	h = NULL;
	cr_assert(open_descriptors() == open_descriptors() && dup(0) == descriptor);
}

static void pass(struct ipq_handle *h, int count)
{
	union message m;

	for (int i = 0; i < count; i++) {
		udp_say(AF_INET, 7, "abcd");
		ipq_set_verdict(h, queue_packet(h, &m)->packet_id, NF_DROP, 0, NULL);
	}
}

/* The trace is a pipe whose other end is open but not read. */
Test(traced, a_reader_that_is_slow_holds_up_nothing_and_hears_what_it_missed)
{
	static char text[1 << 20];
	struct ipq_handle *h;
	size_t len = 0;
	ssize_t n;
	int fd;

	enter();
	unlink(path);
	cr_assert(!mkfifo(path, 0600));
	fd = open(path, O_RDONLY | O_NONBLOCK);
	cr_assert(fd >= 0);
	h = queue_open(PF_INET, IPQ_COPY_META, 0);
	/* a pipe has room for 64 KiB */
	pass(h, 1000);
	while ((n = read(fd, text + len, sizeof(text) - 1 - len)) > 0)
		len += n;
	cr_assert(len && text[len - 1] == '\n', "whole lines");
	pass(h, 1);
	n = read(fd, text, sizeof(text) - 1);
	cr_assert(n > 0);
	text[n] = '\0';
	cr_assert(text[0] == '(' && strtol(text + 1, NULL, 10) > 100, "%s", text);
	assert_says(text, " lines left out: the trace was not read)\n");
	assert_says(text, "id 1001\n");
	ipq_destroy_handle(h);
}

Test(traced, a_reader_that_is_gone_does_not_kill_the_program)
{
	struct ipq_handle *h;
	sigset_t pending;
	int fd;

	enter();
	unlink(path);
	cr_assert(!mkfifo(path, 0600));
	fd = open(path, O_RDONLY | O_NONBLOCK);
	h = queue_open(PF_INET, IPQ_COPY_META, 0);
	close(fd);
	pass(h, 3);
	sigpending(&pending);
	cr_assert(!sigismember(&pending, SIGPIPE));
	fd = open(path, O_RDONLY | O_NONBLOCK);
	pass(h, 1);
	cr_assert(read(fd, &(char){ 0 }, 1) == 1, "and another may read it");
	ipq_destroy_handle(h);
}

/* Daemons do that, and later open files with the number that the trace had. */
Test(traced, a_program_that_closes_all_descriptors_is_traced_still_and_keeps_its_files)
{
	char other[] = "/tmp/libipq-other-XXXXXX";
	struct ipq_handle *h;
	int file = mkstemp(other);

	enter();
	cr_assert(file >= 0);
	h = queue_open(PF_INET, IPQ_COPY_META, 0);
	for (int fd = 100; fd < 1024; fd++)
		close(fd);
	for (int fd = 100; fd < 400; fd++)
		cr_assert(fcntl(file, F_DUPFD, fd) == fd);
	pass(h, 2);
	assert_says(trace(), "id 2, after ");
	cr_assert(lseek(file, 0, SEEK_END) == 0, "nothing is in the program's file");
	ipq_destroy_handle(h);
	unlink(other);
}

Test(traced, the_delay_is_known_when_a_child_answers)
{
	struct ipq_handle *h;
	union message m;
	char wanted[32];
	pid_t pid;

	enter();
	h = queue_open(PF_INET, IPQ_COPY_META, 0);
	udp_say(AF_INET, 7, "abcd");
	queue_packet(h, &m);
	pid = fork();
	if (pid == 0) {
		ipq_set_verdict(h, 1, NF_DROP, 0, NULL);
		_exit(0);
	}
	cr_assert(waitpid(pid, NULL, 0) == pid);
	snprintf(wanted, sizeof(wanted), " %d verdict drop id 1", pid);
	assert_says(trace(), wanted);
	assert_says(trace(), "id 1, after ");
	ipq_destroy_handle(h);
}

static struct ipq_handle *shared;

static void *answer(void *unused)
{
	for (int i = 0; i < 500; i++)
		ipq_set_verdict(shared, 1000000 + i, NF_DROP, 0, NULL);
	return unused;
}

static void answer_too(int signal)
{
	(void)signal;
	ipq_set_verdict(shared, 999999, NF_DROP, 0, NULL);
}

Test(traced, lines_of_threads_and_signal_handlers_are_whole)
{
	struct sigaction action = { .sa_handler = answer_too, .sa_flags = SA_RESTART };
	pthread_t threads[4];
	unsigned int lines = 0;
	const char *text;

	enter();
	shared = queue_open(PF_INET, IPQ_COPY_META, 0);
	sigaction(SIGUSR1, &action, NULL);
	for (int i = 0; i < 4; i++)
		cr_assert(!pthread_create(&threads[i], NULL, answer, NULL));
	for (int i = 0; i < 200; i++)
		kill(getpid(), SIGUSR1);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	text = after_line(trace(), "mode meta, range 0");
	for (; *text; lines++)
		text = after_line(text, "verdict drop id #");
	cr_assert(lines > 2000, "%u", lines);
	ipq_destroy_handle(shared);
}

Test(traced, standard_error_is_written_to_as_the_program_does)
{
	const char *said;
	struct ipq_handle *h;

	enter();
	setenv("LIBIPQ_TRACE", "1", 1);
	stderr_keep();
	h = queue_open(PF_INET, IPQ_COPY_META, 0);
	fprintf(stderr, "the program's own\n");
	pass(h, 1);
	ipq_destroy_handle(h);
	said = stderr_kept();
	assert_says(said, "mode meta, range 0\nthe program's own\n");
	assert_says(said, "verdict drop id 1");
}

Test(traced, standard_error_that_is_a_pipe_or_a_socket_keeps_its_flags)
{
	int ends[2], was = dup(2);
	struct ipq_handle *h;
	char text[4096];

	enter();
	setenv("LIBIPQ_TRACE", "1", 1);
	for (int i = 0; i < 2; i++) {
		cr_assert(!(i ? socketpair(AF_UNIX, SOCK_STREAM, 0, ends) : pipe(ends)));
		dup2(ends[1], 2);
		h = queue_open(PF_INET, IPQ_COPY_META, 0);
		cr_assert(!(fcntl(2, F_GETFL) & O_NONBLOCK));
		pass(h, 1);
		dup2(was, 2);
		cr_assert(read(ends[0], text, sizeof(text)) > 0);
		ipq_destroy_handle(h);
		close(ends[0]);
		close(ends[1]);
	}
}

Test(traced, a_file_that_cannot_be_written_to_fails_the_handle_with_a_line)
{
	static const char *const values[] = { "/nowhere/trace", "", "/tmp" };

	network_enter();
	for (int i = 0; i < 3; i++) {
		setenv("LIBIPQ_TRACE", values[i], 1);
		stderr_keep();
		errno = 0;
		cr_assert(!ipq_create_handle(0, PF_INET) && errno == EINVAL);
		assert_says(stderr_kept(), "for standard error");
	}
}

Test(traced, a_file_with_a_name_from_here_is_the_same_wherever_the_program_goes)
{
	struct ipq_handle *h;

	enter();
	cr_assert(!chdir("/tmp"));
	setenv("LIBIPQ_TRACE", strrchr(path, '/') + 1, 1);
	h = queue_open(PF_INET, IPQ_COPY_META, 0);
	cr_assert(!chdir("/"));
	for (int fd = 100; fd < 1024; fd++)
		close(fd);
	pass(h, 1);
	assert_says(trace(), "id 1, after ");
	ipq_destroy_handle(h);
}
