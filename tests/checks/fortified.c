/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For musl.sh: functions that libraries compiled for glibc with _FORTIFY_SOURCE need and
 * musl does not have. They check nothing. */
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

int __printf_chk(int flag, const char *format, ...);
int __fprintf_chk(FILE *file, int flag, const char *format, ...);
int __snprintf_chk(char *to, size_t n, int flag, size_t size, const char *format, ...);

int __printf_chk(int flag, const char *format, ...)
{
	va_list args;
	int n;

	(void)flag;
	va_start(args, format);
	n = vprintf(format, args);
	va_end(args);
	return n;
}

int __fprintf_chk(FILE *file, int flag, const char *format, ...)
{
	va_list args;
	int n;

	(void)flag;
	va_start(args, format);
	n = vfprintf(file, format, args);
	va_end(args);
	return n;
}

int __snprintf_chk(char *to, size_t n, int flag, size_t size, const char *format, ...)
{
	va_list args;
	int len;

	(void)flag;
	(void)size;
	va_start(args, format);
	len = vsnprintf(to, n, format, args);
	va_end(args);
	return len;
}
