#!/usr/bin/env perl
# SPDX-License-Identifier: GPL-2.0-or-later
# filter.pl COUNT: drops packets of 100 bytes and more, accepts others. It calls libipq
# through a module, here Queue.xs, and unpacks the message, as old Perl programs did.
# Ends after COUNT packets and one verdict too many.
use strict;
use warnings;
use Errno;
use Socket;
require XSLoader;

XSLoader::load('Queue');
$| = 1;

use constant {
	IPQ_COPY_PACKET => 2,
	NLMSG_ERROR     => 0x02,
	IPQM_PACKET     => 0x13,
	NF_DROP         => 0,
	NF_ACCEPT       => 1,
	WAIT            => 10 * 1000000,
};

sub fail
{
	my ($what) = @_;
	die "$what: ", Queue::errstr(), ", $!\n";
}

sub decide
{
	my ($queue, $message) = @_;
	my ($id, $mark, $sec, $usec, $hook, $indev, $outdev, $protocol, $type,
		$addrlen, $addr, $length, $packet) =
		unpack('x16 L! L! l! l! I Z16 Z16 n S C a8 x![L!] L! a*', $message);
	my $verdict = $length >= 100 ? NF_DROP : NF_ACCEPT;

	Queue::set_verdict($queue, $id, $verdict) > 0 or fail('set_verdict');
	printf "hook %u, in '%s', out '%s', protocol %u to %s, %u bytes: %s\n",
		$hook, $indev, $outdev, unpack('x9 C', $packet),
		inet_ntoa(substr($packet, 16, 4)), $length,
		$verdict == NF_ACCEPT ? 'passed' : 'dropped';
	return $id;
}

my $queue = Queue::create(PF_INET) or fail('create');
Queue::set_mode($queue, IPQ_COPY_PACKET, 2000) > 0 or fail('set_mode');
print "ready\n";

my $id;
for (1 .. $ARGV[0]) {
	my $message = Queue::get($queue, WAIT);
	defined $message or fail('get');
	Queue::type($message) == IPQM_PACKET or fail('not a packet');
	$id = decide($queue, $message);
}

Queue::set_verdict($queue, $id, NF_ACCEPT) > 0 or fail('set_verdict');
my $message = Queue::get($queue, WAIT);
defined $message && Queue::type($message) == NLMSG_ERROR or fail('not an error');
$! = Queue::error($message);
print 'refused: ', (grep { $!{$_} } keys %!)[0], "\n";
Queue::destroy($queue);
