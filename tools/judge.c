/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Compares rules with queues and reports what goes wrong or will: rules whose
 * queue nobody has bound, queues that no rule sends packets to. Does not know
 * where they were read. */
#include <stdlib.h>
#include <sys/socket.h>
#include <libipq.h>

#include "holder.h"
#include "judge.h"
#include "peers.h"
#include "port_id.h"

static const struct queue *find(const struct queues *queues, unsigned int number)
{
	for (size_t i = 0; i < queues->count; i++)
		if (queues->list[i].number == number)
			return &queues->list[i];
	return NULL;
}

/* Returns "queue 3" or "queues 3 to 5". The caller frees it. */
static char *queues_of(const struct saved_rule *s)
{
	if (s->computed)
		return format("a queue that the kernel computes");
	if (s->first == s->last)
		return format("queue %u", s->first);
	return format("queues %u to %u", s->first, s->last);
}

/* What is known of the queues that a rule sends packets to. */
struct reach {
	const struct queue *queue;	/* the first that is bound; NULL if none is */
	const struct queue *foreign;	/* one whose owner drops what the rule sends */
	unsigned int unheard;		/* the first that nobody has bound */
	unsigned int bound, all;	/* number of queues bound, and of all */
};

/* If a program has handles of both families on one queue number, a process of its own
 * (the mover) has bound that number, and moves packets to a private number for each
 * handle. Returns whether queue is such a private number and movers the shared one. The
 * port ID of the mover's socket tells the process that started it. */
static bool is_served_by(const struct queue *queue, const struct queue *movers)
{
	uint8_t family;
	pid_t starter, process;

	return queue->number >= PEERS_PRIVATE_FIRST &&
	       port_id_is_movers(movers->port_id, &starter) &&
	       port_id_read(queue->port_id, &family, &process) && process == starter;
}

static const struct queue *find_movers(const struct queues *queues,
				       const struct queue *queue)
{
	for (size_t i = 0; i < queues->count; i++)
		if (is_served_by(queue, &queues->list[i]))
			return &queues->list[i];
	return NULL;
}

static bool has_handle(const struct queues *queues, const struct queue *movers,
		       uint8_t wanted)
{
	uint8_t family;
	pid_t process;

	for (size_t i = 0; i < queues->count; i++)
		if (is_served_by(&queues->list[i], movers) &&
		    port_id_read(queues->list[i].port_id, &family, &process) &&
		    family == wanted)
			return true;
	return false;
}

/* Whether the rule sends packets of a family that the owner of the queue has no handle
 * for. A handle takes packets of its own family only, and drops others. */
static bool is_foreign(const struct found_rule *rule, const struct queue *queue,
		       const struct queues *queues)
{
	uint8_t family;
	pid_t process;

	if (port_id_is_movers(queue->port_id, &process))
		return (rule->ipv4 && !has_handle(queues, queue, AF_INET)) ||
		       (rule->ipv6 && !has_handle(queues, queue, AF_INET6));
	return port_id_read(queue->port_id, &family, &process) &&
	       (family == AF_INET6 ? rule->ipv4 : rule->ipv6);
}

static struct reach reach_of(const struct found_rule *rule, const struct queues *queues)
{
	const struct saved_rule *s = &rule->saved;
	struct reach reach = { .all = s->last - s->first + 1 };

	for (unsigned int n = s->first; n <= s->last; n++) {
		const struct queue *queue = find(queues, n);

		if (queue) {
			reach.queue = reach.bound++ ? reach.queue : queue;
			reach.foreign = is_foreign(rule, queue, queues) ? queue : reach.foreign;
		} else if (reach.bound == n - s->first) {
			reach.unheard = n;
		}
	}
	return reach;
}

const struct queue *judge_dropping(const struct found_rule *rule, const struct queues *queues)
{
	return rule->saved.computed ? NULL : reach_of(rule, queues).foreign;
}

/* Whether the kernel passes packets to the rule's chain by itself. A chain of another
 * name needs a rule that jumps to it. */
static bool is_in_hook(const struct found_rule *rule)
{
	static const char *const chains[] = {
		"PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING",
	};

	for (size_t i = 0; i < sizeof(chains) / sizeof(*chains); i++)
		if (text_is(rule->saved.chain, chains[i]))
			return true;
	return false;
}

/* Whether a rule sends packets to the queue that its owner takes. */
static bool is_reached(const struct queue *queue, const struct rulesets *rules,
		       const struct queues *queues)
{
	for (size_t i = 0; i < rules->count; i++) {
		const struct found_rule *rule = &rules->list[i];
		const struct saved_rule *s = &rule->saved;

		/* a rule for both families sends packets of the owner's, too */
		if ((s->computed ||
		     (queue->number >= s->first && queue->number <= s->last)) &&
		    ((rule->ipv4 && rule->ipv6) || !is_foreign(rule, queue, queues)))
			return true;
	}
	return false;
}

/* Whether a program that was started without LIBIPQ_QUEUE owns queue 0 and no rule
 * sends packets there. That is how "LIBIPQ_QUEUE=7 sudo PROGRAM" ends, as sudo
 * removes variables. */
static bool reads_in_vain(const struct rulesets *rules, const struct queues *queues)
{
	const struct queue *queue = find(queues, 0);
	struct owner owner = { .untold = false };

	if (queue && !is_reached(queue, rules, queues))
		owner_find(queue->port_id, &owner);
	return owner.untold && owner.family != AF_UNSPEC;
}

/* Returns "start the program, with LIBIPQ_QUEUE=3-5". The caller frees it. */
static char *start_advice(const struct found_rule *rule, const struct reach *reach,
			  const struct rulesets *rules, const struct queues *queues)
{
	const char *variable = rule->ipv4 ? "LIBIPQ_QUEUE" : "LIBIPQ_QUEUE6";

	if (reach->all > 1 && !reach->bound)
		return format("start the program, with %s=%u-%u", variable,
			      rule->saved.first, rule->saved.last);
	/* queue 0 is the default */
	if (!reach->unheard)
		return format("start the program");
	if (reads_in_vain(rules, queues))
		return format("the program that owns queue 0, which no rule sends packets to, was "
			      "started without %s: start it with %s=%u (after sudo in the "
			      "command, since sudo removes variables)", variable, variable,
			      reach->unheard);
	return format("start the program, with %s=%u", variable, reach->unheard);
}

static void judge_unheard(const struct found_rule *rule, const struct reach *reach,
			  const struct rulesets *rules, const struct queues *queues,
			  const char *what, struct report *r)
{
	char *start = start_advice(rule, reach, rules, queues), *why, *mend, *bypass;

	why = format("nobody listens on queue %u%s, and packets that match %s",
		     reach->unheard, reach->bound ? " of them" : "",
		     rule->saved.bypass ? "pass unseen" :
		     is_in_hook(rule) ? "are being dropped now" :
		     "are dropped, if any reach the rule");
	if (rule->saved.bypass) {
		REPORT(r, NOTE, "rule-bypassed", what, why, start);
	} else {
		bypass = rule_bypass_command(rule);
		mend = format("%s; to let them pass until then%s", start,
			      bypass ? "" : ", add bypass to its queue statement");
		REPORT(r, PROBLEM, "rule-without-listener", what, why, mend, bypass);
		free(bypass);
		free(mend);
	}
	free(start);
	free(why);
}

/* Returns a queue number that no rule names and no process has bound. */
static uint16_t free_number(const struct rulesets *rules, const struct queues *queues)
{
	unsigned int number = 0;
	bool taken = true;

	while (taken && number < PEERS_PRIVATE_FIRST) {
		taken = find(queues, ++number);
		for (size_t i = 0; i < rules->count && !taken; i++)
			taken = number >= rules->list[i].saved.first &&
				number <= rules->list[i].saved.last;
	}
	return number;
}

static void judge_foreign(const struct found_rule *rule, const struct queue *queue,
			  const struct rulesets *rules, const struct queues *queues,
			  const char *what, struct report *r)
{
	bool both = rule->ipv4 && rule->ipv6;
	uint16_t number = free_number(rules, queues);
	const char *other, *variable;
	pid_t starter;
	struct owner owner;
	char who[128], *why, *mend, *command;

	owner_find(queue->port_id, &owner);
	holder_describe(owner.pid, who, sizeof(who));
	if (port_id_is_movers(queue->port_id, &starter))
		owner.family = has_handle(queues, queue, AF_INET) ? AF_INET : AF_INET6;
	other = owner.family == AF_INET ? "IPv6" : "IPv4";
	variable = owner.family == AF_INET ? "LIBIPQ_QUEUE6" : "LIBIPQ_QUEUE";
	why = format("%s owns queue %u for %s and drops other packets", who, queue->number,
		     owner.family == AF_INET ? "IPv4" : "IPv6");
	command = both ? NULL : rule_number_command(rule, number);
	mend = both ? format("make a rule for each family, with meta nfproto; give that for %s a "
			     "number N of its own, and start the program with %s=N", other,
			     variable) :
		format("start the program for %s with %s=%u, and use that number in the rule",
		       other, variable, number);
	REPORT(r, PROBLEM, "wrong-family", what, why, mend, command);
	free(why);
	free(mend);
	free(command);
}

static void judge_heard(const struct found_rule *rule, const struct reach *reach,
			const char *what, struct report *r)
{
	struct owner owner;
	char who[128], *why, *bypass;

	owner_find(reach->queue->port_id, &owner);
	holder_describe(owner.pid, who, sizeof(who));
	if (rule->saved.bypass) {
		why = format("%s listens%s", who, reach->all > 1 ? " on the first" : "");
		REPORT(r, OK, "rule", what, why);
	} else {
		bypass = rule_bypass_command(rule);
		why = format("%s listens%s; when it ends, packets that match are dropped",
			     who, reach->all > 1 ? " on the first" : "");
		REPORT(r, NOTE, "no-bypass", what, why,
		       bypass ? NULL : "add bypass to its queue statement", bypass);
		free(bypass);
	}
	free(why);
}

static void judge_rule(const struct found_rule *rule, const struct rulesets *rules,
		       const struct queues *queues, struct report *r)
{
	struct reach reach = reach_of(rule, queues);
	char *queue = queues_of(&rule->saved), *described = rule_describe(rule);
	char *what = format("%s sends to %s", described, queue);

	if (rule->saved.computed)
		REPORT(r, NOTE, "rule-computed", what,
		       "it is not known whether a process listens there");
	else if (reach.bound < reach.all)
		judge_unheard(rule, &reach, rules, queues, what, r);
	else if (reach.foreign)
		judge_foreign(rule, reach.foreign, rules, queues, what, r);
	else
		judge_heard(rule, &reach, what, r);
	free(queue);
	free(described);
	free(what);
}

/* Returns a command that makes a rule which sends packets to the queue, for a tool that
 * can make one here; NULL if none can. The caller frees it. */
static char *rule_command(const struct possible *possible, bool ipv6, uint16_t number)
{
	const char *family = ipv6 ? "ip6" : "ip";

	if (ipv6 ? possible->ip6tables : possible->iptables)
		return format("%stables -I OUTPUT -j NFQUEUE --queue-num %u --queue-bypass",
			      family, number);
	if (possible->nft)
		return format("nft 'add table %s queue; add chain %s queue output { type filter "
			      "hook output priority 0; }; add rule %s queue output queue num %u "
			      "bypass'", family, family, family, number);
	return NULL;
}

/* Reports if the owner lacks a LIBIPQ_ variable that is set here: a program reads
 * settings from the environment that it was started with. */
static void judge_settings(const struct owner *owner, const char *what, struct report *r)
{
	const char *lacking = owner->family && owner->pid ? owner_lacks(owner) : NULL;
	char *without;

	if (!lacking)
		return;
	without = format("%s, which was started without %s", what, lacking);
	REPORT(r, NOTE, "settings-differ", without, "it is set here, but a program has only the "
	       "settings in its own environment: those of sudo and of services differ",
	       "restart it with the variable in its environment (sudo env, Environment=), "
	       "or unset it here");
	free(without);
}

static void judge_queue(const struct queue *queue, const struct rulesets *rules,
			const struct queues *queues, const struct possible *possible,
			struct report *r)
{
	const struct queue *sharer = find_movers(queues, queue);
	struct owner owner;
	char who[128], *what, *command, *why = NULL;
	const char *mend;

	owner_find(queue->port_id, &owner);
	holder_describe(owner.pid, who, sizeof(who));
	what = format("queue %u is owned by %s", queue->number, who);
	command = rule_command(possible, owner.family == AF_INET6, queue->number);
	mend = command ? NULL : "install iptables or nft, and make a rule that does";
	if (queue->mode == IPQ_COPY_NONE)
		REPORT(r, PROBLEM, "mode-none", what, "it has not set a mode, and all packets "
		       "are dropped, with bypass or without",
		       "make it call ipq_set_mode, or stop it");
	else if (is_reached(queue, rules, queues))
		REPORT(r, OK, "listener", what, "a rule sends packets there");
	else if (sharer)
		REPORT(r, OK, "listener", what, why = format("its packets come by queue %u, "
		       "which the process uses for both families", sharer->number));
	else if (rules->complete)
		REPORT(r, PROBLEM, "listener-without-rule", what,
		       "no rule sends packets of its family there, so it gets none", mend,
		       command);
	else
		REPORT(r, NOTE, "listener", what,
		       "no rule that could be read sends packets there", mend, command);
	judge_settings(&owner, what, r);
	free(what);
	free(command);
	free(why);
}

void judge(const struct rulesets *rules, const struct queues *queues,
	   const struct possible *possible, struct report *r)
{
	char *command;

	if (!rules->count && !queues->count) {
		command = rule_command(possible, false, 0);
		REPORT(r, NOTE, "idle", "no rule sends packets to a queue, and nobody "
		       "listens", "there is nothing to decide on",
		       command ? NULL : "install iptables or nft, and make a rule", command);
		free(command);
	}
	for (size_t i = 0; i < rules->count; i++)
		judge_rule(&rules->list[i], rules, queues, r);
	for (size_t i = 0; i < queues->count; i++)
		judge_queue(&queues->list[i], rules, queues, possible, r);
}
