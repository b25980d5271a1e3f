// Command chaosctl is chaosctl with a transport that kills the process at a point: CRASH_AT names that, and CRASH_RECORD a
// file that gets a line for each request that changes something.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/chaosctl/chaosctl/internal/cli"
	"github.com/chaosctl/chaosctl/test/crash/point"
)

func main() {
	at, err := point.Parse(os.Getenv("CRASH_AT"))
	if err != nil {
		fail(err)
	}
	record, err := os.OpenFile(os.Getenv("CRASH_RECORD"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		fail(err)
	}
	streams := cli.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Program: "chaosctl", Transport: point.Transport(at, record)}
	os.Exit(cli.Explain(os.Stderr, cli.Run(context.Background(), os.Args[1:], streams)))
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "cannot crash:", err)
	os.Exit(1)
}
