/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The examples as a user has them: compiled against an installation, with the flags of
 * pkg-config only, and run as processes. Checks packets and output. */
#include <criterion/criterion.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <libipq.h>

#include "network.h"
#include "queue.h"

static char place[] = "/tmp/libipq-processes-XXXXXX";

static void make_place(void)
{
	cr_assert(mkdtemp(place));
}

static void remove_place(void)
{
	run("rm -rf %s", place);
}

TestSuite(processes, .init = make_place, .fini = remove_place, .timeout = 60);

struct program {
	const char *name;
	pid_t pid;
	int output;		/* stdout and stderr */
};

/* Compiles the example and runs it with count as its argument. */
static struct program start(const char *name, const char *count)
{
	struct program p = { .name = name };
	char path[64];
	int ends[2];

	cr_assert(getenv("EXAMPLES") && getenv("STAGED_LIBDIR"), "run by meson test");
	run("${CC:-cc} $CFLAGS $EXAMPLES/%s.c -o %s/%s -pthread "
	    "$(pkg-config --cflags --libs libipq)", name, place, name);
	snprintf(path, sizeof(path), "%s/%s", place, name);
	cr_assert(!pipe2(ends, O_CLOEXEC));
	p.pid = fork();
	cr_assert(p.pid >= 0);
	if (p.pid == 0) {
		/* meson test has set it to another directory */
		setenv("LD_LIBRARY_PATH", getenv("STAGED_LIBDIR"), 1);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(ends[1], 1);
		dup2(ends[1], 2);
		execl(path, name, count, (char *)NULL);
		_exit(127);
	}
	close(ends[1]);
	p.output = ends[0];
	return p;
}

/* Waits until the queue's mode is set. */
static void wait_until_ready(void)
{
	struct queue_figures f;

	for (int ms = 0; ms < DEADLINE; ms++) {
		if (queue_figures(0, &f) && f.mode != IPQ_COPY_NONE)
			return;
		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	}
	cr_assert(false, "nobody has set a mode");
}

static struct program start_ready(const char *name, const char *count)
{
	struct program p;

	network_enter();
	run("iptables-legacy -A OUTPUT -p udp --dport 7 -j QUEUE");
	run("iptables-legacy -A OUTPUT -p icmp -j QUEUE");
	p = start(name, count);
	wait_until_ready();
	return p;
}

/* Waits for the program to end. Returns its exit status and its output. */
static int end(const struct program *p, char *text, size_t size)
{
	struct pollfd gone = {
		.fd = syscall(SYS_pidfd_open, p->pid, 0), .events = POLLIN,
	};
	bool ended = poll(&gone, 1, DEADLINE) == 1;
	size_t len = 0;
	int status;
	ssize_t n;

	if (!ended)
		kill(p->pid, SIGKILL);
	cr_assert(waitpid(p->pid, &status, 0) == p->pid);
	while ((n = read(p->output, text + len, size - 1 - len)) > 0)
		len += n;
	text[len] = '\0';
	cr_assert(ended, "%s did not end; it said: %s", p->name, text);
	cr_assert(WIFEXITED(status), "%s: status %#x; it said: %s", p->name, status,
		  text);
	return WEXITSTATUS(status);
}

/* The program must end successfully, with this output. */
static void expect_end(const struct program *p, const char *expected)
{
	char text[4096];
	int status = end(p, text, sizeof(text));

	cr_assert(status == 0, "%s: exit status %d: %s", p->name, status, text);
	cr_assert_str_eq(text, expected);
}

Test(processes, passer_passes)
{
	struct program passer = start_ready("passer", "3");
	int fd = udp_open(AF_INET, 7);

	udp_say(AF_INET, 7, "let me pass");
	udp_expect(fd, "let me pass");
	/* request and reply */
	run("ping -c 1 -W 5 127.0.0.1");
	expect_end(&passer,
		   "packet 1: hook 3, in '', out 'lo', 39 bytes: passed\n"
		   "packet 2: hook 3, in '', out 'lo', 84 bytes: passed\n"
		   "packet 3: hook 3, in '', out 'lo', 84 bytes: passed\n");
}

Test(processes, passer_passes_packets_larger_than_its_buffer)
{
	struct program passer = start_ready("passer", "1");
	static char large[20001], heard[20100];
	size_t room = 2048 - NLMSG_HDRLEN - sizeof(ipq_packet_msg_t);
	int fd = udp_open(AF_INET, 7);
	char said[80];

	memset(large, 'x', sizeof(large) - 1);
	udp_say(AF_INET, 7, large);
	cr_assert(udp_hear(fd, heard, sizeof(heard), DEADLINE) == 20000);
	cr_assert_str_eq(heard, large);
	snprintf(said, sizeof(said), "packet 1: hook 3, in '', out 'lo', %zu bytes: passed\n",
		 room);
	expect_end(&passer, said);
}

Test(processes, dropper_drops)
{
	struct program dropper = start_ready("dropper", "2");
	int fd = udp_open(AF_INET, 7);
	char text[64];

	udp_say(AF_INET, 7, "let me pass");
	udp_say(AF_INET, 7, "please");
	expect_end(&dropper,
		   "packet 1: hook 3, in '', out 'lo': dropped\n"
		   "packet 2: hook 3, in '', out 'lo': dropped\n");
	/* its verdicts have been given, so waiting is not needed */
	cr_assert(udp_hear(fd, text, sizeof(text), 0) == -1);
}

Test(processes, rewriter_rewrites)
{
	struct program rewriter = start_ready("rewriter", "5");
	int fd = udp_open(AF_INET, 7);

	udp_say(AF_INET, 7, "hello, World!");
	udp_expect(fd, "HELLO, WORLD!");
	udp_say(AF_INET, 7, "even");
	udp_expect(fd, "EVEN");
	udp_say(AF_INET, 7, "");
	udp_expect(fd, "");
	run("ping -c 1 -W 5 127.0.0.1");
	expect_end(&rewriter,
		   "packet 1: 13 bytes in capitals\n"
		   "packet 2: 4 bytes in capitals\n"
		   "packet 3: 0 bytes in capitals\n"
		   "packet 4: 0 bytes in capitals\n"
		   "packet 5: 0 bytes in capitals\n");
}

Test(processes, rewriter_leaves_no_wrong_checksum)
{
	struct program rewriter = start_ready("rewriter", "1");
	struct ipq_handle *h;
	ipq_packet_msg_t *packet;
	uint32_t sum;
	union message m;

	/* on the way in, the packet is queued to this test */
	run("iptables-legacy -A INPUT -p udp --dport 7 -j NFQUEUE --queue-num 1");
	setenv("LIBIPQ_QUEUE", "1", 1);
	h = queue_open(PF_INET, IPQ_COPY_PACKET, 0);
	udp_say(AF_INET, 7, "seven ways");
	packet = queue_packet(h, &m);
	cr_assert(packet->data_len == 38);
	cr_assert(!memcmp(packet->payload + 28, "SEVEN WAYS", 10));
	sum = checksum_add(IPPROTO_UDP + 18, packet->payload + 12, 8);
	cr_assert(checksum_end(checksum_add(sum, packet->payload + 20, 18)) == 0);
	cr_assert(checksum_end(checksum_add(0, packet->payload, 20)) == 0);
	ipq_destroy_handle(h);
	expect_end(&rewriter, "packet 1: 10 bytes in capitals\n");
}

Test(processes, selector_reads_what_select_announced)
{
	struct program selector = start_ready("selector", "3");
	int fd = udp_open(AF_INET, 7);

	udp_say(AF_INET, 7, "one");
	udp_say(AF_INET, 7, "two");
	udp_expect(fd, "one");
	udp_expect(fd, "two");
	udp_say(AF_INET, 7, "three");
	udp_expect(fd, "three");
	expect_end(&selector,
		   "packet 1: selected, passed\n"
		   "packet 2: selected, passed\n"
		   "packet 3: selected, passed\n");
}

Test(processes, threads_pass_packets_in_order)
{
	struct program threads = start_ready("threads", "20");
	char text[64], expected[2048] = "";
	int fd = udp_open(AF_INET, 7);

	for (int i = 1; i <= 20; i++) {
		snprintf(text, sizeof(text), "number %d", i);
		udp_say(AF_INET, 7, text);
		sprintf(expected + strlen(expected),
			"packet %d: read by one thread, passed by another\n", i);
	}
	for (int i = 1; i <= 20; i++) {
		snprintf(text, sizeof(text), "number %d", i);
		udp_expect(fd, text);
	}
	expect_end(&threads, expected);
}

Test(processes, whoever_comes_second_is_told_and_ends)
{
	struct program first = start_ready("passer", "1"), second;
	int fd = udp_open(AF_INET, 7);
	char text[4096];

	second = start("dropper", "1");
	cr_assert(end(&second, text, sizeof(text)) == 1);
	cr_assert_str_eq(text, "dropper: Device or resource busy\n");
	udp_say(AF_INET, 7, "still here");
	udp_expect(fd, "still here");
	expect_end(&first, "packet 1: hook 3, in '', out 'lo', 38 bytes: passed\n");
}
