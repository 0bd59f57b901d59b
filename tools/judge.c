/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules and queues held against each other: what is lost, what will be. Knows
 * nothing of where they were read. */
#include <stdlib.h>
#include <sys/socket.h>
#include <libipq.h>

#include "claims.h"
#include "holder.h"
#include "judge.h"
#include "port_id.h"

static const struct queue *find(const struct queues *queues, unsigned int number)
{
	for (size_t i = 0; i < queues->count; i++)
		if (queues->list[i].number == number)
			return &queues->list[i];
	return NULL;
}

/* "queue 3", "queues 3 to 5". To be freed. */
static char *queues_of(const struct saved_rule *s)
{
	if (s->computed)
		return format("a queue that is computed");
	if (s->first == s->last)
		return format("queue %u", s->first);
	return format("queues %u to %u", s->first, s->last);
}

/* What a look at each queue of a rule shows. */
struct reach {
	const struct queue *queue;	/* the first that is bound, NULL if none */
	const struct queue *foreign;	/* one whose reader drops what the rule sends */
	unsigned int unheard;		/* the first that nobody has bound */
	unsigned int bound, all;	/* how many */
};

/* The queue of a program whose handles of both families share its number, and that whose
 * packets come there by a private one: port ids tell who started the mover. */
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

/* A handle takes packets of its own family alone. Whether the rule sends others. */
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

/* Whether the kernel gives packets to its chain without being sent there. */
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

/* Whether a rule sends packets there that its reader takes. */
static bool is_reached(const struct queue *queue, const struct rulesets *rules,
		       const struct queues *queues)
{
	for (size_t i = 0; i < rules->count; i++) {
		const struct found_rule *rule = &rules->list[i];
		const struct saved_rule *s = &rule->saved;

		/* of a rule for both families some are its own */
		if ((s->computed ||
		     (queue->number >= s->first && queue->number <= s->last)) &&
		    ((rule->ipv4 && rule->ipv6) || !is_foreign(rule, queue, queues)))
			return true;
	}
	return false;
}

/* Whether a program that was told of no number has queue 0, and gets no packets there:
 * as LIBIPQ_QUEUE=7 sudo PROGRAM has it. */
static bool reads_in_vain(const struct rulesets *rules, const struct queues *queues)
{
	const struct queue *queue = find(queues, 0);
	struct owner owner = { .untold = false };

	if (queue && !is_reached(queue, rules, queues))
		owner_find(queue->port_id, &owner);
	return owner.untold && owner.family != AF_UNSPEC;
}

/* "start the program, with LIBIPQ_QUEUE=3-5". To be freed. */
static char *start_advice(const struct found_rule *rule, const struct reach *reach,
			  const struct rulesets *rules, const struct queues *queues)
{
	const char *variable = rule->ipv4 ? "LIBIPQ_QUEUE" : "LIBIPQ_QUEUE6";

	if (reach->all > 1 && !reach->bound)
		return format("start the program, with %s=%u-%u", variable,
			      rule->saved.first, rule->saved.last);
	/* what it takes unless it is told */
	if (!reach->unheard)
		return format("start the program");
	if (reads_in_vain(rules, queues))
		return format("the program that has queue 0, to which no rule leads, was "
			      "started without %s: start it with %s=%u (after sudo, not "
			      "before it, which takes variables away)", variable, variable,
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
		     "are dropped, if any come there");
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

/* A number that neither a rule nor a process has. */
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
	why = format("%s has queue %u for %s and drops what is not", who, queue->number,
		     owner.family == AF_INET ? "IPv4" : "IPv6");
	command = both ? NULL : rule_number_command(rule, number);
	mend = both ? format("make it a rule for each, with meta nfproto; give that for %s a "
			     "number N of its own, and the program %s=N", other, variable) :
		format("start the program that is for %s with %s=%u, and give the rule that "
		       "number", other, variable, number);
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
		       "whether somebody listens there cannot be told");
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

/* A rule that sends packets to the queue, by what can make one here; NULL if nothing
 * can. To be freed. */
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

/* Settings are read from the environment that the program itself was started with. */
static void judge_settings(const struct owner *owner, const char *what, struct report *r)
{
	const char *lacking = owner->family && owner->pid ? owner_lacks(owner) : NULL;
	char *without;

	if (!lacking)
		return;
	without = format("%s, which was started without %s", what, lacking);
	REPORT(r, NOTE, "settings-differ", without, "it is set here, and a program has the "
	       "settings of its own environment alone: sudo and services keep another",
	       "start it again with that in its environment, as sudo env or Environment= do, "
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
	what = format("queue %u is held by %s", queue->number, who);
	command = rule_command(possible, owner.family == AF_INET6, queue->number);
	mend = command ? NULL : "make a rule that does, once there is what makes rules";
	if (queue->mode == IPQ_COPY_NONE)
		REPORT(r, PROBLEM, "mode-none", what, "it has not asked for packets, and "
		       "all that come are dropped, bypass or not",
		       "have it call ipq_set_mode, or stop it");
	else if (is_reached(queue, rules, queues))
		REPORT(r, OK, "listener", what, "a rule sends packets there");
	else if (sharer)
		REPORT(r, OK, "listener", what, why = format("its packets come by queue %u, "
		       "which the process has for both families", sharer->number));
	else if (rules->complete)
		REPORT(r, PROBLEM, "listener-without-rule", what,
		       "no rule sends it packets that it takes, it waits in vain", mend,
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
		       command ? NULL : "make a rule, once there is what makes rules", command);
		free(command);
	}
	for (size_t i = 0; i < rules->count; i++)
		judge_rule(&rules->list[i], rules, queues, r);
	for (size_t i = 0; i < queues->count; i++)
		judge_queue(&queues->list[i], rules, queues, possible, r);
}
