package truth

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

var (
	all   = flag.Bool("truth.all", false, "try every cell of the table")
	part  = flag.Bool("truth.part", false, "try those in bold; without it, and without -truth.all, none, which is what make test does")
	times = flag.Int("truth.times", 1, "how often each cell is tried, to see whether it comes out differently")
	// A cell waits more than it computes: six are what two processors bear. With nodes of their own it is five, since the daemons of
	// ten nodes take a hundred inotify instances, and a machine has 128 unless it is told otherwise.
	sideBySide = flag.Int("truth.beside", 6, "how many shops are under load at once")
)

// shared is the lab that all shops stand in, and places are where.
var (
	shared *shop.Lab
	places chan place
)

func TestMain(m *testing.M) {
	flag.Parse()
	// What may be side by side is decided by the places; shops and experiments mostly wait.
	if err := flag.Set("test.parallel", "32"); err != nil {
		panic(err)
	}
	os.Exit(run(m))
}

func run(m *testing.M) int {
	if !*all && !*part {
		return m.Run() // what is left needs no lab
	}
	stop, err := prepare(context.Background())
	if err != nil {
		fmt.Fprintln(os.Stderr, "cannot test:", err)
		return 1
	}
	defer func() {
		if err := stop(); err != nil {
			fmt.Fprintln(os.Stderr, "cannot remove the lab:", err)
		}
	}()
	return m.Run()
}

// prepare starts the lab, in the whole table with nodes for each of the shops that are side by side.
func prepare(ctx context.Context) (stop func() error, err error) {
	options := lab.Options{Name: binary.LabName("truth")}
	if *all {
		options.Nodes = nodesOfPlace * *sideBySide
	}
	if shared, stop, err = shop.Up(ctx, options); err != nil {
		return nil, err
	}
	if places, err = share(ctx, shared, *all); err != nil {
		_ = stop()
		return nil, err
	}
	return stop, nil
}
