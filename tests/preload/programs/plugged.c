/* SPDX-License-Identifier: GPL-2.0-or-later */
/* plugged MODULE COUNT: a program without code for ip_queue, which loads a
 * module that has it. */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
	void *module = argc == 3 ? dlopen(argv[1], RTLD_NOW) : NULL;
	void (*serve)(int) = module ? (void (*)(int))dlsym(module, "serve") : NULL;

	if (!serve) {
		puts(dlerror());
		return 1;
	}
	serve(atoi(argv[2]));
	return 0;
}
