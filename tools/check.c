/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ipqctl check: tells whether this system is ready for programs that use libipq. It tries
 * what the kernel can do (scratch.c), reads rules (rulesets.c) and queues (proc.c), and
 * has judge.c compare them. Knows no details of any of these. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ipqctl.h"
#include "judge.h"
#include "privilege.h"
#include "queues.h"
#include "scratch.h"
#include "terminal.h"

static const struct option options[] = {
	{ "help", no_argument, NULL, 'h' },
	{ "json", no_argument, NULL, 'j' },
	{ 0 },
};

static const char help[] =
	"check [--json]\n"
	"\n"
	"Checks whether programs that use libipq can work here: what the kernel can do\n"
	"(this is tried in a network namespace of its own), privilege, which rules send\n"
	"packets to which queue, which process owns it, and what is missing. Prints a\n"
	"line for each finding; on a terminal a paragraph: what, why it matters, and how\n"
	"to fix it.\n"
	"\n"
	"  --json   prints JSON: findings with level (ok, note, problem), kind, what,\n"
	"           why, mend and command; and ready, true or false\n"
	"\n"
	"Exit status: 0 if there is no problem, 1 if there is one, 2 for wrong arguments.\n";

/* Reports whether the privilege to read rules and queues is there. */
static bool report_privilege(struct report *r)
{
	struct privilege_advice advice;
	char *why;

	if (queues_probe(0) != QUEUE_FORBIDDEN) {
		REPORT(r, OK, "privilege", "CAP_NET_ADMIN is available",
		       "queues can be bound and rules can be read");
		return true;
	}
	privilege_advise(&advice);
	why = format("programs started like this one cannot get packets; rules and queues "
		     "cannot be read: %s", advice.why);
	REPORT(r, PROBLEM, "no-privilege", "CAP_NET_ADMIN is missing", why, advice.mend,
	       advice.command);
	free(why);
	return false;
}

static void report_rules(struct report *r, const struct possible *possible)
{
	struct rulesets rulesets;
	struct queues queues;
	struct remedy remedy;

	if (!queues_read(&queues)) {
		/* if the kernel has no queues, scratch_try has reported that */
		remedy = queues_remedy(errno);
		if (errno != ENOENT)
			REPORT(r, PROBLEM, "queues-unseen", QUEUE_LIST " cannot be read",
			       strerror(errno), remedy.mend, remedy.command);
		return;
	}
	rulesets_read(&rulesets, r);
	judge(&rulesets, &queues, possible, r);
	rulesets_free(&rulesets);
	free(queues.list);
}

static int run(int argc, char *argv[])
{
	struct report r = { .width = terminal_width(), .colours = terminal_colours() };
	struct possible possible;

	for (int c; (c = next_option(&check, argc, argv)) != -1; )
		r.json = c == 'j';
	no_more_arguments(&check, argc, argv);
	scratch_try(&r, &possible);
	if (report_privilege(&r))
		report_rules(&r, &possible);
	return report_end(&r);
}

const struct subcommand check = {
	"check", "checks whether rules, queues and programs fit together", help, ":hj",
	options, run,
};
