package alone

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"testing"
	"time"
)

var (
	directory = flag.String("bench.csv", "../../../bench", "keep every value in files of this directory")
	short     = flag.Float64("bench.part", 1, "measure for this part of the time, to see whether a benchmark works")
)

// role is what this program does where it is started by itself, so that the memory and the processor time of a client are
// its own, and not those of the server or of the benchmark.
const role = "CHAOSCTL_BENCH_ROLE"

// task is told to a process in its role, as JSON.
type task struct {
	URL  string
	Rate float64
	For  time.Duration
	// Stalls makes the server stall, see [stalling].
	Stalls bool
	// Samples is a file that takes them; none where it is empty.
	Samples string
}

// told is what a client tells at its end.
type told struct {
	Requests uint64
	// P99 is in seconds, by the clock of the client.
	P99 float64
}

func TestMain(m *testing.M) {
	roles := map[string]func(task) (told, error){"server": serve, "chaosctl": chaosctl, "vegeta": library}
	play, is := roles[os.Getenv(role)]
	if !is {
		os.Exit(m.Run())
	}
	var t task
	err := json.Unmarshal([]byte(os.Args[1]), &t)
	if err == nil {
		var said told
		if said, err = play(t); err == nil {
			err = json.NewEncoder(os.Stdout).Encode(said)
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// lasting is a time, less where only a part is wanted.
func lasting(d time.Duration) time.Duration { return time.Duration(float64(d) * *short) }
