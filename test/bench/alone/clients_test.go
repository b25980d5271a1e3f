package alone

import (
	"context"
	"os"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"github.com/chaosctl/chaosctl/pkg/event"
	"github.com/chaosctl/chaosctl/pkg/load"
)

// chaosctl does with requests what a run does: it sends them, tallies them, and keeps each of them in a file.
func chaosctl(t task) (told, error) {
	stream := load.Stream{Name: "bench", URL: t.URL, Profile: load.Constant(t.Rate)}
	tally := load.NewTally([]load.Stream{stream}, load.Whole("all"))
	name := t.Samples
	if name == "" {
		name = os.DevNull
	}
	file, err := os.Create(name)
	if err != nil {
		return told{}, err
	}
	samples := load.NewWriter(file)
	ctx, cancel := context.WithTimeout(context.Background(), t.For)
	defer cancel()
	stream.Run(ctx, event.NewClock(time.Now()), func(s load.Sample) {
		tally.Add(s)
		_ = samples.Write(s) // Close has its error
	})
	if err := samples.Close(); err != nil {
		return told{}, err
	}
	all := tally.Pool("bench").Window("all")
	return told{uint64(all.Response.TotalCount()), float64(all.Response.ValueAtQuantile(99)) / 1e9}, file.Close()
}

// library is vegeta, as it is used by default.
func library(t task) (told, error) {
	targeter := vegeta.NewStaticTargeter(vegeta.Target{Method: "GET", URL: t.URL})
	var metrics vegeta.Metrics
	for result := range vegeta.NewAttacker().Attack(targeter, vegeta.ConstantPacer{Freq: int(t.Rate), Per: time.Second}, t.For, "bench") {
		metrics.Add(result)
	}
	metrics.Close()
	return told{metrics.Requests, metrics.Latencies.P99.Seconds()}, nil
}
