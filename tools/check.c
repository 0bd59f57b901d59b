/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ipqctl check: is this system ready? Tries, reads and holds against each other;
 * each part knows its own business. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ipqctl.h"
#include "judge.h"
#include "nfqueue.h"
#include "privilege.h"
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
	"Tells whether programs that use libipq can work here: what the kernel can do\n"
	"(tried, in a network namespace of its own), privilege, which rules give\n"
	"packets to which queue, which process holds it, and what is missing. A line\n"
	"each, on a terminal a paragraph: what, why it matters, what mends it.\n"
	"\n"
	"  --json   the same for scripts: findings with level (ok, note, problem),\n"
	"           kind, what, why, mend, command; and ready, true or false\n"
	"\n"
	"Exit status: 0 if there is no problem, 1 if there is, 2 for wrong arguments.\n";

/* Whether rules and queues can be seen at all. */
static bool report_privilege(struct report *r)
{
	struct privilege_advice advice;
	char *why;

	if (nfqueue_probe(0) != NFQUEUE_FORBIDDEN) {
		REPORT(r, OK, "privilege", "CAP_NET_ADMIN is there",
		       "queues may be bound and rules read");
		return true;
	}
	privilege_advise(&advice);
	why = format("programs started like this one cannot have packets; rules and queues "
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
		/* its absence was reported when the kernel was tried */
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
	"check", "tells whether rules, queues and programs fit together", help, ":hj",
	options, run,
};
