/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds out whether a program executes iptables, modprobe or another command of that
 * kind. Decides by what the file is, not only by its name. Allocates no memory, so that
 * it may be called where exec may (after vfork(2), in signal handlers). Does not know
 * what is executed instead. */
#include <elf.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "commands.h"
#include "path.h"

static bool is_one_of(const char *name, const char *const *names)
{
	for (; *names; names++)
		if (!strcmp(name, *names))
			return true;
	return false;
}

/* Skips the prefix, if the text begins with it. */
static bool skip(const char **text, const char *prefix)
{
	size_t len = strlen(prefix);
	bool there = !strncmp(*text, prefix, len);

	*text += there ? len : 0;
	return there;
}

bool command_is_iptables(const char *name)
{
	static const char *const variants[] = { "-legacy", "-nft", "-compat" };

	if (!skip(&name, "iptables") && !skip(&name, "ip6tables"))
		return false;
	for (size_t i = 0; i < sizeof(variants) / sizeof(variants[0]); i++)
		if (skip(&name, variants[i]))
			break;
	skip(&name, "-restore");
	return !*name;
}

bool command_is_modules(const char *name)
{
	static const char *const names[] = { "modprobe", "insmod", "rmmod", "lsmod", NULL };

	return is_one_of(name, names);
}

/* Programs that are several commands in one. They act by the name that they are called
 * by, or by the word after it ("busybox modprobe"). */
static const char *const of_iptables[] = {
	"xtables-nft-multi", "xtables-legacy-multi", "xtables-compat-multi",
	"xtables-multi", "iptables-multi", "ip6tables-multi", NULL,
};
static const char *const of_modules[] = { "kmod", "busybox", "toybox", NULL };

static bool set_name(struct command *c, const char *name, unsigned int word)
{
	size_t len = strlen(name);

	if (len >= sizeof(c->name))
		return false;
	memcpy(c->name, name, len + 1);
	c->word = word;
	return true;
}

static bool find_word(char *const *words, const char *const *programs,
		      bool (*is_command)(const char *), struct command *c)
{
	unsigned int word = words[0] && is_one_of(path_base(words[0]), programs);

	return words[0] && words[word] && is_command(path_base(words[word])) &&
	       set_name(c, path_base(words[word]), word);
}

/* Whether the file is a program, not a script, for this one command, as all of them once
 * were. Any version of iptables contains the name of its kernel module or of libxtables,
 * any command for modules the word "module". */
static bool is_single(const char *file, const char *name)
{
	if (command_is_modules(name))
		return path_file_has(file, ELFMAG, "module");
	return command_is_iptables(name) &&
	       (path_file_has(file, ELFMAG, "xtables") ||
		path_file_has(file, ELFMAG, name[2] == '6' ? "ip6_tables" : "ip_tables"));
}

/* Whether a command for modules is missing where systems usually have it. A system whose
 * program needs ip_queue only has no need of modprobe. */
static bool is_missing(const char *file, const char *name)
{
	static const char *const usual[] = {
		"/sbin/", "/usr/sbin/", "/bin/", "/usr/bin/", NULL,
	};

	if (!command_is_modules(name) || !access(file, F_OK) || errno != ENOENT)
		return false;
	for (const char *const *dir = usual; *dir; dir++)
		if (!strncmp(file, *dir, strlen(*dir)) &&
		    file + strlen(*dir) == name)
			return true;
	return false;
}

bool command_find(const char *file, char *const *words, struct command *c)
{
	char end[PATH_MAX];
	const char *name;

	if (!path_follow(file, end))
		return false;
	name = path_base(end);
	if (is_one_of(name, of_iptables))
		return find_word(words, of_iptables, command_is_iptables, c);
	if (is_one_of(name, of_modules))
		return find_word(words, of_modules, command_is_modules, c);
	return (is_single(end, name) || is_missing(end, name)) && set_name(c, name, 0);
}
