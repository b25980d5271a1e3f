// Command chaosctl breaks workloads on purpose and says whether Kubernetes kept its promises to them.
package main

import (
	"context"
	"os"
	_ "time/tzdata" // game days name time zones, also where the system knows none

	"github.com/go-logr/logr"
	"k8s.io/klog/v2"

	"github.com/chaosctl/chaosctl/internal/cli"
)

func main() {
	// What client-go logs of a stream that was cut, of a proxy or the like, comes back as an error too, and is told as such.
	klog.SetLogger(logr.Discard())
	ctx, leave, stop := cli.Interruptible(context.Background(), os.Stderr)
	defer stop()
	streams := cli.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Program: os.Args[0], Leave: leave}
	os.Exit(cli.Explain(os.Stderr, cli.Run(ctx, os.Args[1:], streams)))
}
