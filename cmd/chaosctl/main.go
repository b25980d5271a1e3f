// Command chaosctl breaks workloads on purpose and says whether Kubernetes kept its promises to them.
package main

import (
	"context"
	"os"
	_ "time/tzdata" // game days name time zones, also where the system knows none

	"github.com/chaosctl/chaosctl/internal/cli"
)

func main() {
	ctx, leave, stop := cli.Interruptible(context.Background(), os.Stderr)
	defer stop()
	streams := cli.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Program: os.Args[0], Leave: leave}
	os.Exit(cli.Explain(os.Stderr, cli.Run(ctx, os.Args[1:], streams)))
}
