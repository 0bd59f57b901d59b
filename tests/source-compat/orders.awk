# Writes a file for each order of up to "most" headers that includes the first one.
function write(order, n,	i, name)
{
	name = sprintf("order-%d-%04d.c", variant, ++count)
	for (i = 1; i <= n; i++)
		print "#include " order[i] > name
	print "int pass(struct ipq_handle *h, unsigned char *buf);" > name
	print "int pass(struct ipq_handle *h, unsigned char *buf)" > name
	print "{" > name
	print "	ipq_packet_msg_t *m = ipq_get_packet(buf);" > name
	print "	return ipq_set_verdict(h, m->packet_id, 1, 0, buf);" > name
	print "}" > name
	close(name)
}

function extend(order, n,	i)
{
	if (used[1])
		write(order, n)
	for (i = 1; n < most && i <= headers; i++) {
		if (used[i])
			continue
		used[i] = 1
		order[n + 1] = header[i]
		extend(order, n + 1)
		used[i] = 0
	}
}

{ header[++headers] = $0 }

END { extend(order, 0) }
