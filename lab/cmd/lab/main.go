// Command lab runs a real Kubernetes on this machine. See the README beside the module.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/chaosctl/chaosctl/lab/internal/cli"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := cli.Run(ctx, cli.Streams{Out: os.Stdout, Err: os.Stderr}, os.Args[1:])
	stop()
	os.Exit(code)
}
