package library

import (
	"context"
	"flag"
	"fmt"
	"os"
	"testing"

	"github.com/chaosctl/chaosctl/lab"
	"github.com/chaosctl/chaosctl/test/internal/binary"
	"github.com/chaosctl/chaosctl/test/internal/shop"
)

var all = flag.Bool("library.all", false, "run every experiment; without it, none")

// shared is the lab that all trials use.
var shared *shop.Lab

// agentImage is chaosctl itself, for faults that are made inside of pods.
const agentImage = shop.AgentImage

// sideBySide is how many shops are under load at once on two processors, and can still be measured.
const sideBySide = "2"

func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("test.parallel", sideBySide); err != nil {
		panic(err)
	}
	os.Exit(run(m))
}

func run(m *testing.M) int {
	if !*all {
		return m.Run() // what is left needs no lab
	}
	l, stop, err := shop.Up(context.Background(), lab.Options{Name: binary.LabName("library")})
	if err != nil {
		fmt.Fprintln(os.Stderr, "cannot test:", err)
		return 1
	}
	defer func() {
		if err := stop(); err != nil {
			fmt.Fprintln(os.Stderr, "cannot remove the lab:", err)
		}
	}()
	shared = l
	return m.Run()
}
