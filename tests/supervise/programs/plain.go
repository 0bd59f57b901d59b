// SPDX-License-Identifier: GPL-2.0-or-later
// plain: a program in Go, which makes system calls without the C library, in any of its
// threads, and which its own run-time system interrupts with signals. Lets two packets
// pass, says what was in them, gives a verdict on a third that there is not, and says that
// it is refused.
package main

import (
	"encoding/binary"
	"fmt"
	"os"
	"syscall"
	"time"
)

const (
	netlinkFirewall = 3
	mode            = 17
	verdict         = 18
	packet          = 19
	copyPacket      = 2
	accept          = 1
	requestLen      = 40
	headerLen       = 16
	payloadAt       = headerLen + 96
	headers         = 28 // what IP and UDP put before the text
)

var order = binary.LittleEndian

func check(err error) {
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

// Sends a request with a value and another number: the range, or the packet's id.
func ask(fd int, kind uint16, value uint32, other uint64) {
	request := make([]byte, requestLen)
	order.PutUint32(request, requestLen)
	order.PutUint16(request[4:], kind)
	order.PutUint16(request[6:], syscall.NLM_F_REQUEST)
	order.PutUint32(request[12:], uint32(os.Getpid()))
	order.PutUint32(request[16:], value)
	order.PutUint64(request[24:], other)
	_, err := syscall.Write(fd, request)
	check(err)
}

func read(fd int, kind uint16) []byte {
	buf := make([]byte, 65536)
	n, _, err := syscall.Recvfrom(fd, buf, 0)
	check(err)
	if order.Uint16(buf[4:]) != kind {
		check(fmt.Errorf("a message of type %d", order.Uint16(buf[4:])))
	}
	return buf[:n]
}

func pass(fd int) {
	message := read(fd, packet)
	length := order.Uint64(message[payloadAt-8:])
	fmt.Println(string(message[payloadAt+headers : payloadAt+length]))
	ask(fd, verdict, accept, order.Uint64(message[headerLen:]))
}

// Other goroutines compute, so that the one that reads is moved from thread to thread and
// interrupted.
func compute() {
	for sum := 0; ; sum++ {
		if sum%1000 == 0 {
			time.Sleep(time.Millisecond)
		}
	}
}

func main() {
	fd, err := syscall.Socket(syscall.AF_NETLINK, syscall.SOCK_RAW, netlinkFirewall)
	check(err)
	go compute()
	go compute()
	ask(fd, mode, copyPacket, 0)
	fmt.Println("ready")
	pass(fd)
	pass(fd)
	ask(fd, verdict, accept, 4711)
	read(fd, syscall.NLMSG_ERROR)
	fmt.Println("refused")
}
