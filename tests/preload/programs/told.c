/* SPDX-License-Identifier: GPL-2.0-or-later */
/* told: prints which signals it gets, after LIBIPQ_QUEUE. Ends after SIGTERM.
 * SIGTSTP stops it. */
#include "old.h"

static const struct {
	int number;
	const char *name;
} signals[] = {
	{ SIGHUP, "HUP" }, { SIGINT, "INT" }, { SIGQUIT, "QUIT" }, { SIGUSR1, "USR1" },
	{ SIGUSR2, "USR2" }, { SIGWINCH, "WINCH" }, { SIGTERM, "TERM" },
};
#define COUNT (sizeof(signals) / sizeof(signals[0]))

int main(void)
{
	sigset_t set;
	int number;

	old_limit();
	sigemptyset(&set);
	for (size_t i = 0; i < COUNT; i++)
		sigaddset(&set, signals[i].number);
	check(!sigprocmask(SIG_BLOCK, &set, NULL));
	printf("%s ready %d\n", getenv("LIBIPQ_QUEUE"), getpid());
	do {
		fflush(stdout);
		check(!sigwait(&set, &number));
		for (size_t i = 0; i < COUNT; i++)
			if (signals[i].number == number)
				printf("%s %s\n", getenv("LIBIPQ_QUEUE"),
				       signals[i].name);
	} while (number != SIGTERM);
	return 0;
}
