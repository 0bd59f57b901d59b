/* SPDX-License-Identifier: GPL-2.0-or-later */
/* usage: soak SECONDS
 *
 * Passes packets of both families and all sizes through libipq, in a network namespace of
 * its own, for this time. Each packet must arrive unchanged, be dropped by a verdict or
 * be counted by the kernel; memory and descriptors must not grow. Prints figures, and the
 * result last. Exit status 0: passed; 77: it cannot run here. */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "soak.h"

/* Returns the number of KiB by which a reader may grow: thread stacks come and go,
 * and a large packet may be stored for the first time in one of the buffers for
 * packets read ahead. */
static long growth_allowed(void)
{
	const char *batch = getenv("LIBIPQ_BATCH");

	return 256 + (batch ? FAMILIES * strtol(batch, NULL, 10) * 64 : 0);
}

static void make_network(void)
{
	char command[1024];
	int lock;

	if (unshare(CLONE_NEWNET)) {
		printf("SKIPPED: network namespace: %s; run as root or under "
		       "unshare -Ur\n", strerror(errno));
		exit(77);
	}
	lock = memfd_create("xtables-lock", MFD_CLOEXEC);
	snprintf(command, sizeof(command), "/proc/%d/fd/%d", getpid(), lock);
	setenv("XTABLES_LOCKFILE", command, 1);
	snprintf(command, sizeof(command), "set -e; ip link set lo up; "
		 "for pair in $(seq 0 %d); do "
		 "iptables-legacy -A OUTPUT -p udp --dport $((%d + pair)) "
		 "-j NFQUEUE --queue-num $((%d + pair)); "
		 "ip6tables-legacy -A OUTPUT -p udp --dport $((%d + pair)) "
		 "-j NFQUEUE --queue-num $((%d + pair)); done",
		 PAIRS - 1, PORT(0), QUEUE(0, 0), PORT(0), QUEUE(0, 1));
	if (system(command))
		fail("the network could not be made");
}

static pid_t start(void (*run)(int pair), int pair)
{
	pid_t pid = fork();

	if (pid < 0)
		fail("fork: %s", strerror(errno));
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		run(pair);
		_exit(0);
	}
	return pid;
}

/* Waits until all processes have ended; tells them to stop when the time is over. */
static bool await(pid_t *pids, int count, unsigned int seconds)
{
	uint64_t stop = now_us() + seconds * 1000000ULL;
	uint64_t limit = stop + 2 * (ROUND + PATIENCE + 10) * 1000000ULL;
	bool good = true;
	int left = count;

	while (left) {
		int status;
		pid_t pid = waitpid(-1, &status, WNOHANG);

		if (pid > 0) {
			left--;
			if (!WIFEXITED(status) || WEXITSTATUS(status)) {
				fprintf(stderr, "soak: process %d: status %#x\n", pid,
					status);
				atomic_store(&shared->failed, true);
				good = false;
			}
			continue;
		}
		if (now_us() > stop)
			atomic_store(&shared->stop, true);
		if (now_us() > limit) {
			for (int i = 0; i < count; i++)
				kill(pids[i], SIGKILL);
			fail("processes do not end");
		}
		usleep(20000);
	}
	return good;
}

/* Returns the number of datagrams that arrived with a wrong checksum. The socket
 * counts them as dropped, too, so they would be taken for datagrams that found
 * its buffer full. */
static unsigned long checksum_errors(void)
{
	FILE *list = popen("cat /proc/net/snmp6; awk '/^Udp:/ && $2 ~ /^[0-9]/ "
			   "{ print \"Udp4InCsumErrors\", $8 }' /proc/net/snmp", "r");
	unsigned long errors = 0, value;
	char line[256];
	int found = 0;

	while (list && fgets(line, sizeof(line), list))
		if (sscanf(line, "Udp6InCsumErrors %lu", &value) == 1 ||
		    sscanf(line, "Udp4InCsumErrors %lu", &value) == 1) {
			errors += value;
			found++;
		}
	if (!list || pclose(list) || found != 2)
		fail("/proc/net/snmp");
	return errors;
}

static bool print_growth(void)
{
	bool good = true;

	for (int i = 0; i < PAIRS; i++) {
		const struct pair *p = &shared->pair[i];
		long grown = p->rss - p->rss_first;
		int files = p->files - p->files_first;

		printf("reader %d: %lu rounds, memory %ld KiB (%+ld), descriptors %d "
		       "(%+d)\n", i, p->rounds, p->rss, grown, p->files, files);
		good &= p->rounds > 0 && grown <= growth_allowed() && files == 0;
	}
	return good;
}

static void print_account(void)
{
	printf("sent %lu = arrived %lu + no room where they arrive %lu + dropped by "
	       "verdict %lu + counted by the kernel: queue full %lu, receive buffer "
	       "full %lu\n", shared->sent, shared->received, shared->overflown,
	       shared->dropped, shared->full, shared->socket);
	printf("accepted as they were %lu, changed %lu\n", shared->accepted,
	       shared->changed);
	histogram_print(&shared->to_reader, "sent to read");
	histogram_print(&shared->to_receiver, "sent to arrived, with delays");
}

int main(int argc, char **argv)
{
	int seconds = argc == 2 ? atoi(argv[1]) : 0;
	pid_t pids[2 * PAIRS];
	unsigned long errors;
	bool good;

	if (seconds < 1 || seconds > 86400) {
		fprintf(stderr, "usage: %s SECONDS\n", argv[0]);
		return 2;
	}
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		return 2;
	make_network();
	for (int i = 0; i < PAIRS; i++) {
		pids[2 * i] = start(reader_run, i);
		pids[2 * i + 1] = start(sender_run, i);
	}
	good = await(pids, 2 * PAIRS, seconds);

	print_account();
	good &= print_growth();
	errors = checksum_errors();
	if (errors)
		printf("%lu datagrams had a wrong checksum\n", errors);
	good &= !errors && shared->sent > 0 && shared->full > 0;
	puts(good ? "PASSED: every packet is accounted for and nothing grew" :
		    "FAILED");
	return good ? 0 : 1;
}
