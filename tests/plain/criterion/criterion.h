/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The part of Criterion that the tests use, in plain C, for builds where Criterion is
 * not available: other architectures, the thread sanitizer. Each test runs in a
 * process of its own. */
#ifndef PLAIN_CRITERION_H
#define PLAIN_CRITERION_H

#include <stdbool.h>
/* Criterion's header includes these, too */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct plain_options {
	void (*init)(void);
	void (*fini)(void);
	double timeout;			/* seconds; 0 for no limit */
};

struct plain_suite {
	const char *name;
	struct plain_options options;
	struct plain_suite *next;
};

struct plain_test {
	const char *suite, *name;
	void (*run)(void);
	struct plain_options options;
	struct plain_test *next;
};

void plain_add_suite(struct plain_suite *suite);
void plain_add_test(struct plain_test *test);

void plain_fail(const char *file, int line, const char *what, const char *format, ...)
	__attribute__((noreturn, format(printf, 4, 5)));
void plain_skip(const char *format, ...)
	__attribute__((noreturn, format(printf, 1, 2)));

#define TestSuite(suite_, ...)							\
	static struct plain_suite plain_suite_##suite_ = {			\
		.name = #suite_, .options = { __VA_ARGS__ },			\
	};									\
	static void __attribute__((constructor)) plain_suite_add_##suite_(void)	\
	{									\
		plain_add_suite(&plain_suite_##suite_);				\
	}									\
	_Static_assert(1, "")

#define Test(suite_, name_, ...)						\
	static void suite_##_##name_(void);					\
	static struct plain_test plain_##suite_##_##name_ = {			\
		.suite = #suite_, .name = #name_, .run = suite_##_##name_,	\
		.options = { __VA_ARGS__ },					\
	};									\
	static void __attribute__((constructor)) plain_add_##suite_##_##name_(void) \
	{									\
		plain_add_test(&plain_##suite_##_##name_);			\
	}									\
	static void suite_##_##name_(void)

/* Assertions without a message have an empty format. */
#pragma GCC diagnostic ignored "-Wformat-zero-length"

#define cr_assert(condition, ...)						\
	((condition) ? (void)0 :						\
	 plain_fail(__FILE__, __LINE__, #condition, "" __VA_ARGS__))
#define cr_assert_fail(...) plain_fail(__FILE__, __LINE__, "failed", "" __VA_ARGS__)
#define cr_assert_str_eq(a, b, ...)						\
	do {									\
		const char *plain_a = (a), *plain_b = (b);			\
										\
		if (strcmp(plain_a, plain_b))					\
			plain_fail(__FILE__, __LINE__, #a " is " #b,		\
				   "\"%s\" is not \"%s\"", plain_a, plain_b);	\
	} while (0)
#define cr_assert_str_empty(a, ...) cr_assert_str_eq(a, "")
#define cr_skip_test(...) plain_skip("" __VA_ARGS__)

#endif
