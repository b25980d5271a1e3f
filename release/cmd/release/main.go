// Command release makes what a release of chaosctl contains. It publishes nothing.
//
//	release -version v0.3.0 [-from DIR] [-to DIR]
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/chaosctl/chaosctl/release"
)

func main() {
	version, from, to := flag.String("version", "", "what the release is to be called"), flag.String("from", ".", "a checkout of chaosctl"), flag.String("to", "bin/release", "the folder that gets one for the version")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	folder, err := release.Make(ctx, release.Options{
		From: *from, Version: *version, To: *to, Platforms: release.Platforms(),
		Log: func(format string, args ...any) { fmt.Printf(format+"\n", args...) },
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
	fmt.Println(folder)
}
