/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The environment variables that programs under ipq-run need, and the environment of a
 * program that they execute, in case the variables would be lost. Allocates no memory, so
 * that it may be called where exec may. Does not know which programs these are. */
#include <string.h>

#include "environment.h"
#include "path.h"

#define PRELOAD "LD_PRELOAD"
#define LIBRARIES "LD_LIBRARY_PATH"

#define SOCKETS_LEN (sizeof(ENVIRONMENT_SOCKETS "=") + PATH_NUMBER_MAX)

/* Returns the value of "NAME=VALUE"; NULL if the variable has another name. */
static const char *value_of(const char *variable, const char *name, size_t name_len)
{
	return !strncmp(variable, name, name_len) && variable[name_len] == '=' ?
	       variable + name_len + 1 : NULL;
}

static size_t count_of(char *const *variables)
{
	size_t count = 0;

	while (variables && variables[count])
		count++;
	return count;
}

/* Returns the index of the variable of that name; if there is none, the
 * number of variables. */
static size_t find(char *const *variables, const char *name, size_t name_len)
{
	size_t i;

	for (i = 0; variables && variables[i]; i++)
		if (value_of(variables[i], name, name_len))
			break;
	return i;
}

const char *environment_get(char *const *variables, const char *name)
{
	size_t i = find(variables, name, strlen(name));

	return variables && variables[i] ? variables[i] + strlen(name) + 1 : NULL;
}

static bool counts(const char *variable)
{
	return !strncmp(variable, "LIBIPQ_", 7) || !strncmp(variable, "IPQ_RUN_", 8) ||
	       !strncmp(variable, PRELOAD "=", sizeof(PRELOAD));
}

void environment_keep(struct environment *e, char *const *variables)
{
	for (; variables && *variables; variables++) {
		size_t size = strlen(*variables) + 1;

		if (!counts(*variables) || e->count == ENVIRONMENT_KEPT_MAX ||
		    size > sizeof(e->text) - e->len)
			continue;
		e->kept[e->count++] = memcpy(e->text + e->len, *variables, size);
		e->len += size;
	}
	e->library = environment_get(e->kept, ENVIRONMENT_FOLLOW);
	e->wrappers = environment_get(e->kept, ENVIRONMENT_WRAPPERS);
	if (e->library)
		e->directory_len = strlen(e->library) - strlen(path_base(e->library)) - 1;
}

/* Whether text is an element of the list, whose elements are separated by any of the
 * characters in parting (ld.so(8)). */
static bool is_listed(const char *text, size_t text_len, const char *list,
		      const char *parting)
{
	size_t len;

	for (; list && *list; list += len + !!list[len]) {
		len = strcspn(list, parting);
		if (len == text_len && !memcmp(list, text, len))
			return true;
	}
	return false;
}

static bool is_lost(const struct environment *e, char *const *variables)
{
	return e->library && !is_listed(e->library, strlen(e->library),
					environment_get(variables, PRELOAD), " :");
}

/* A program with libraries of its own may set LD_LIBRARY_PATH to their directory only. */
static bool is_directory_lost(const struct environment *e, char *const *variables)
{
	return e->library && !is_listed(e->library, e->directory_len,
					environment_get(variables, LIBRARIES), ":;");
}

bool environment_plan(const struct environment *e, char *const *variables, int highest,
		      bool command, struct environment_room *room)
{
	const char *preload = environment_get(variables, PRELOAD);
	const char *libraries = environment_get(variables, LIBRARIES);
	bool lost = is_lost(e, variables);

	room->find = is_directory_lost(e, variables);
	/* If LD_PRELOAD still has the library, other variables were removed on purpose,
	 * and are not restored. */
	room->restore = lost || (command && !e->library);
	room->highest = highest;
	if (!room->restore && !room->find && highest < 0)
		return false;
	room->pointers = count_of(variables) + e->count + 3;
	room->bytes = SOCKETS_LEN;
	if (room->find)
		room->bytes += sizeof(LIBRARIES "=:") + strlen(libraries ? libraries : "") +
			       e->directory_len;
	if (lost && preload)
		room->bytes += sizeof(PRELOAD "=:") + strlen(preload) + strlen(e->library);
	return true;
}

/* Copies a string without its NUL. Returns a pointer to the byte after it. */
static char *put(char *to, const char *text)
{
	size_t len = strlen(text);

	return (char *)memcpy(to, text, len) + len;
}

/* Replaces the variable of that name, or appends it. */
static void set(char **variables, const char *name, char *variable)
{
	size_t i = find(variables, name, strlen(name));

	if (!variables[i])
		variables[i + 1] = NULL;
	variables[i] = variable;
}

/* Makes the variable "NAME=OLD:NEW". Old elements come first: some libraries have to be
 * first in LD_PRELOAD, and the program's own libraries are to be found before ours.
 * Returns a pointer to the byte after it. */
static char *add(char **variables, const char *name, const char *old, const char *new,
		 size_t new_len, char *bytes)
{
	char *end = put(put(put(bytes, name), "="), old);

	end = put(end, *old ? ":" : "");
	memcpy(end, new, new_len);
	end[new_len] = '\0';
	set(variables, name, bytes);
	return end + new_len + 1;
}

void environment_make(const struct environment *e, char *const *variables,
		      const struct environment_room *room, char **pointers, char *bytes)
{
	const char *preload = environment_get(variables, PRELOAD);
	const char *libraries = environment_get(variables, LIBRARIES);
	size_t count = count_of(variables);

	if (count)
		memcpy(pointers, variables, count * sizeof(*pointers));
	pointers[count] = NULL;
	if (room->highest >= 0) {
		path_put_number(put(bytes, ENVIRONMENT_SOCKETS "="), room->highest);
		set(pointers, ENVIRONMENT_SOCKETS, bytes);
		bytes += SOCKETS_LEN;
	}
	if (room->find)
		bytes = add(pointers, LIBRARIES, libraries ? libraries : "", e->library,
			    e->directory_len, bytes);
	if (!room->restore)
		return;
	/* if LD_PRELOAD is not set, the loop below restores it */
	if (preload && is_lost(e, variables))
		add(pointers, PRELOAD, preload, e->library, strlen(e->library), bytes);
	for (unsigned int i = 0; i < e->count; i++) {
		size_t name_len = strcspn(e->kept[i], "=");
		size_t place = find(pointers, e->kept[i], name_len);

		if (pointers[place])
			continue;
		pointers[place] = e->kept[i];
		pointers[place + 1] = NULL;
	}
}
