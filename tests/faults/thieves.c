/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Other privileged programs that compete for the queue, for its port ID or for the
 * reader's time. For the kinds of messages that other programs may send, see
 * system/strangers.c. */
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <signal.h>
#include <unistd.h>
#include <libmnl/libmnl.h>
#include <libnetfilter_queue/libnetfilter_queue.h>
#include <linux/netfilter/nfnetlink_queue.h>

#include <criterion/criterion.h>

#include "network.h"
#include "peer.h"
#include "process.h"
#include "queue.h"
#include "traffic.h"

TestSuite(thieves, .timeout = 60);

#define OUR_PORT_ID (1040000000 + getpid())

/* The socket of the competing process, the thief. */
static struct mnl_socket *nl;

static long thief_open(long unused)
{
	(void)unused;
	nl = mnl_socket_open(NETLINK_NETFILTER);
	return nl && !mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID);
}

/* Returns the kernel's answer to a request: 0 or errno. */
static long ask(struct nlmsghdr *nlh)
{
	struct {
		struct nlmsghdr nlh;
		struct nlmsgerr error;
		char echo[1024];
	} answer;

	nlh->nlmsg_flags |= NLM_F_ACK;
	if (mnl_socket_sendto(nl, nlh, nlh->nlmsg_len) < 0 ||
	    recv(mnl_socket_get_fd(nl), &answer, sizeof(answer), MSG_DONTWAIT) < 0)
		return errno;
	return -answer.error.error;
}

static _Alignas(struct nlmsghdr) char request[512];

static long thief_command(long command)
{
	struct nlmsghdr *nlh = nfq_nlmsg_put(request, NFQNL_MSG_CONFIG, 0);

	nfq_nlmsg_cfg_put_cmd(nlh, AF_INET, command);
	return ask(nlh);
}

static long thief_mode(long mode)
{
	struct nlmsghdr *nlh = nfq_nlmsg_put(request, NFQNL_MSG_CONFIG, 0);

	nfq_nlmsg_cfg_put_params(nlh, mode, 0);
	return ask(nlh);
}

static long thief_length(long length)
{
	struct nlmsghdr *nlh = nfq_nlmsg_put(request, NFQNL_MSG_CONFIG, 0);

	nfq_nlmsg_cfg_put_qmaxlen(nlh, length);
	return ask(nlh);
}

static long thief_drop(long id)
{
	struct nlmsghdr *nlh = nfq_nlmsg_put(request, NFQNL_MSG_VERDICT, 0);

	nfq_nlmsg_verdict_put(nlh, id, NF_DROP);
	return ask(nlh);
}

static long thief_drop_up_to(long id)
{
	struct nlmsghdr *nlh = nfq_nlmsg_put(request, NFQNL_MSG_VERDICT_BATCH, 0);

	nfq_nlmsg_verdict_put(nlh, id, NF_DROP);
	return ask(nlh);
}

Test(thieves, a_program_that_came_first_keeps_the_queue_until_it_lets_go)
{
	struct process thief;

	network_enter();
	traffic_watch();
	thief = process_start();
	cr_assert(process_do(&thief, thief_open, 0));
	cr_assert(process_do(&thief, thief_command, NFQNL_CFG_CMD_BIND) == 0);
	cr_assert(peer_open(PF_INET));
	for (int i = 0; i < 3; i++) {
		cr_assert(peer_mode(IPQ_COPY_META) == MODE_SENT);
		cr_assert(queue_error(peer) == EBUSY);
		cr_assert(queue_silent(peer));
	}
	traffic_send(5);
	cr_assert(queue_silent(peer));

	cr_assert(process_do(&thief, thief_command, NFQNL_CFG_CMD_UNBIND) == 0);
	cr_assert(peer_mode(IPQ_COPY_META) == MODE_SENT);
	traffic_send(5);
	for (int i = 0; i < 5; i++)
		peer_accept(peer_packet(0));
	cr_assert(queue_silent(peer));
	cr_assert(traffic_arrived(5) == 5);
	process_end(&thief);
	peer_close(0);
}

Test(thieves, nobody_else_can_take_close_change_or_decide_what_is_ours)
{
	struct process thief;
	struct queue_figures before, after;
	ipq_id_t ids[5];
	union message m;

	network_enter();
	traffic_watch();
	thief = process_start();
	cr_assert(process_do(&thief, thief_open, 0));
	peer = queue_open(PF_INET, IPQ_COPY_PACKET, 100);
	traffic_send(5);
	for (int i = 0; i < 5; i++)
		ids[i] = queue_packet(peer, &m)->packet_id;
	cr_assert(queue_figures(0, &before));

	cr_assert(process_do(&thief, thief_command, NFQNL_CFG_CMD_BIND) == EPERM);
	cr_assert(process_do(&thief, thief_command, NFQNL_CFG_CMD_UNBIND) == EPERM);
	cr_assert(process_do(&thief, thief_mode, NFQNL_COPY_NONE) == EPERM);
	cr_assert(process_do(&thief, thief_length, 0) == EPERM);
	cr_assert(process_do(&thief, thief_drop, ids[0]) == EPERM);
	cr_assert(process_do(&thief, thief_drop_up_to, ids[4]) == EPERM);
	process_do(&thief, thief_command, NFQNL_CFG_CMD_PF_UNBIND);
	process_end(&thief);

	cr_assert(queue_silent(peer));
	cr_assert(queue_figures(0, &after));
	cr_assert(!memcmp(&before, &after, sizeof(before)));
	for (int i = 0; i < 5; i++)
		peer_accept(ids[i]);
	cr_assert(queue_silent(peer));
	cr_assert(traffic_arrived(5) == 5);
	peer_close(0);
}

static long thief_take_port_id(long port_id)
{
	nl = mnl_socket_open(NETLINK_NETFILTER);
	return nl && !mnl_socket_bind(nl, 0, port_id);
}

static long thief_close(long unused)
{
	(void)unused;
	return !mnl_socket_close(nl);
}

Test(thieves, our_port_id_in_other_hands_does_not_matter)
{
	struct process thief;

	network_enter();
	traffic_watch();
	thief = process_start();
	cr_assert(process_do(&thief, thief_take_port_id, OUR_PORT_ID));
	for (int i = 0; i < 3; i++) {
		peer = queue_open(PF_INET, IPQ_COPY_META, 0);
		cr_assert(peer->local.nl_pid == (uint32_t)getpid());
		traffic_send(1);
		peer_accept(peer_packet(0));
		cr_assert(traffic_arrived(i + 1) == i + 1u);
		if (i == 1)
			cr_assert(process_do(&thief, thief_close, 0));
		peer_close(0);
	}
	process_end(&thief);
}

/* Shared with the processes that send to the library's socket. */
static struct assault {
	atomic_bool over;
	atomic_ulong tried, refused;
} *assault;

static pid_t assault_begin(uint32_t port_id)
{
	struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_pid = port_id };
	static char message[2000];
	pid_t pid = fork();
	int fd;

	cr_assert(pid >= 0);
	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER);
	*(struct nlmsghdr *)message = (struct nlmsghdr) {
		.nlmsg_len = sizeof(message),
		.nlmsg_type = NFNL_SUBSYS_QUEUE << 8 | NFQNL_MSG_PACKET,
	};
	while (!atomic_load(&assault->over)) {
		atomic_fetch_add(&assault->tried, 1);
		if (sendto(fd, message, sizeof(message), 0, (struct sockaddr *)&address,
			   sizeof(address)) < 0 && errno == ECONNREFUSED)
			atomic_fetch_add(&assault->refused, 1);
	}
	_exit(0);
}

/* These messages could fill the receive buffer, which packets need; it is made as small
 * as possible here. */
Test(thieves, messages_to_us_at_a_high_rate_are_all_refused_and_cost_no_packet)
{
	unsigned int rounds = 0;
	struct queue_figures f;
	pid_t pids[2];

	network_enter();
	traffic_watch();
	assault = mmap(NULL, sizeof(*assault), PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	cr_assert(assault != MAP_FAILED);
	for (int i = 0; i < 2; i++)
		pids[i] = assault_begin(OUR_PORT_ID);
	setenv("LIBIPQ_RCVBUF", "16384", 1);
	peer = queue_open(PF_INET, IPQ_COPY_META, 0);
	while (rounds < 200 || atomic_load(&assault->tried) < 100000) {
		traffic_send(5);
		for (int i = 0; i < 5; i++)
			peer_accept(peer_packet(0));
		rounds++;
	}
	atomic_store(&assault->over, true);
	for (int i = 0; i < 2; i++)
		cr_assert(waitpid(pids[i], NULL, 0) == pids[i]);

	/* all but those that came between bind and connect, which the
	 * library has discarded */
	cr_assert(assault->tried - assault->refused < 100, "%lu of %lu were refused",
		  assault->refused, assault->tried);
	cr_assert(queue_silent(peer));
	cr_assert(queue_figures(0, &f));
	cr_assert(!f.waiting && !f.dropped_full && !f.dropped_socket);
	cr_assert(traffic_arrived(5 * rounds) == 5 * rounds);
	peer_close(0);
}

/* Claims the queue repeatedly. Returns the exit status of the process: 0 if each time the
 * claim either succeeded or was refused with exactly one EBUSY. */
static int contend(void)
{
	for (int i = 0; i < 300; i++) {
		union message m;

		if (!peer_open(PF_INET) || peer_mode(IPQ_COPY_META) != MODE_SENT)
			return 1;
		if (ipq_read(peer, m.buf, sizeof(m.buf), -1) != 0) {
			if (ipq_message_type(m.buf) != NLMSG_ERROR)
				return 2;
			if (ipq_get_msgerr(m.buf) != EBUSY)
				return 3;
			if (ipq_read(peer, m.buf, sizeof(m.buf), -1) != 0)
				return 4;
		}
		peer_close(0);
	}
	return 0;
}

Test(thieves, several_processes_ask_at_once_one_has_the_queue_the_others_are_told_once)
{
	pid_t pids[4];
	int status;

	network_enter();
	for (int i = 0; i < 4; i++) {
		pids[i] = fork();
		cr_assert(pids[i] >= 0);
		if (pids[i] == 0)
			_exit(contend());
	}
	for (int i = 0; i < 4; i++) {
		cr_assert(waitpid(pids[i], &status, 0) == pids[i]);
		cr_assert(status == 0, "status %#x", status);
	}
	peer = queue_open(PF_INET, IPQ_COPY_META, 0);
	cr_assert(queue_silent(peer) && peer_owner() == getpid());
	peer_close(0);
}
