/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All ways in which programs have used the name of the function that creates a handle. */
#include <libipq.h>

#ifdef __cplusplus
extern "C"
#endif
struct ipq_handle *ipq_create_handle(uint32_t flags, uint32_t protocol);

struct ipq_handle *(*create)(uint32_t flags, uint32_t protocol) = ipq_create_handle;
struct ipq_handle *(*create_too)(uint32_t, uint32_t) = &ipq_create_handle;

int main(void)
{
	struct ipq_handle *h = ipq_create_handle(0);
	struct ipq_handle *h6 = ipq_create_handle(0, PF_INET6);

	/* before 2002 the flags were the only parameter */
	ipq_destroy_handle(ipq_create_handle(ipq_create_handle(0, PF_INET) != 0));
#ifdef __cplusplus
	ipq_destroy_handle(::ipq_create_handle(0, PF_INET));
	ipq_destroy_handle(::ipq_create_handle(0));
#else
	ipq_destroy_handle((ipq_create_handle)(0, PF_INET));
#endif
	ipq_destroy_handle(h);
	ipq_destroy_handle(h6);
	return create != create_too;
}
