package alone

import (
	"context"
	"flag"
	"io"
	"maps"
	"math"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/pkg/event"
	"github.com/chaosctl/chaosctl/pkg/load"
	"github.com/chaosctl/chaosctl/test/bench/record"
)

var windows = flag.Int("bench.outages", 10, "how often a server goes down in each of the four ways, in each round")

// outageRate is that of the streams, in requests a second.
const outageRate = 500.0

// BenchmarkOutages compares the lengths of outages with what the server has written down: as two streams of chaosctl see them,
// and as somebody does who asks every second, or every two. A window near whose ends the machine did not get round to sending
// or answering tells nothing of either stream, and is counted as disturbed. A round takes about a minute.
func BenchmarkOutages(b *testing.B) {
	var all []subject
	for _, name := range []string{"fresh", "reuse", "poll 1 s", "poll 2 s"} {
		all = append(all, subject{name: name, version: "this commit"})
	}
	file, off, held := keep(b, "outages", all), map[string][]float64{}, sums{}
	random := rand.New(rand.NewPCG(7, 7))
	for round := 1; b.Loop(); round++ {
		for place, kind := range kinds {
			truth, seen := watch(b, random, kind)
			for i, w := range seen {
				for _, d := range truth {
					values := w.judge(d)
					for _, metric := range slices.Sorted(maps.Keys(values)) {
						v := record.Value{Round: round, Place: place + 1, Subject: kind + ", " + all[i].name, Metric: metric, Value: values[metric]}
						require.NoError(b, file.Add(v))
					}
					if wrong, measured := values["error-ms"]; measured && w.polls == nil {
						off[kind] = append(off[kind], wrong)
						held.add(kind, values["in-interval-%"])
					}
				}
			}
		}
	}
	for _, kind := range kinds {
		if slices.Sort(off[kind]); len(off[kind]) > 0 {
			b.ReportMetric(off[kind][len(off[kind])/2]*outageRate/1e3, kind+"-median-error-of-1/rate")
			b.ReportMetric(held.mean(kind), kind+"-in-interval-%")
		}
	}
	b.ReportMetric(0, "ns/op")
}

// watch takes a server down again and again, and gives what it has written down, and what each has seen of it.
func watch(b *testing.B, random *rand.Rand, kind string) (truth []downtime, seen []*witness) {
	clock := event.NewClock(time.Now())
	server := newFaulty(b, clock)
	streams := []load.Stream{
		{ID: 0, Name: "fresh", Profile: load.Constant(outageRate), Fresh: true, URL: "http://" + server.address},
		{ID: 1, Name: "reuse", Profile: load.Constant(outageRate), URL: "http://" + server.address},
	}
	for _, s := range streams {
		seen = append(seen, &witness{tally: load.NewTally([]load.Stream{s}), name: s.Name})
	}
	for _, every := range []time.Duration{time.Second, 2 * time.Second} {
		seen = append(seen, &witness{polls: &poller{every: every}})
	}
	ctx, stop := context.WithCancel(b.Context())
	var running sync.WaitGroup
	for i, w := range seen {
		running.Go(func() {
			if w.polls != nil {
				w.polls.run(ctx, clock, streams[0].URL)
				return
			}
			streams[i].Run(ctx, clock, w.add)
		})
	}
	time.Sleep(500 * time.Millisecond)
	for _, lasts := range lengths(random) {
		truth = append(truth, server.down(b, kind, lasts))
		time.Sleep(300*time.Millisecond + time.Duration(random.IntN(5000))*time.Microsecond)
	}
	stop()
	running.Wait()
	server.server.Close()
	return truth, seen
}

// lengths go from 20 ms to 5 s by equal factors, in random order.
func lengths(random *rand.Rand) []time.Duration {
	all := make([]time.Duration, *windows)
	for i := range all {
		all[i] = lasting(time.Duration(20 * math.Pow(250, float64(i)/float64(max(1, len(all)-1))) * float64(time.Millisecond)))
	}
	random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all
}

// longest is what was seen of a downtime; nothing where nothing was.
func longest(found []load.Outage, d downtime) (best load.Outage) {
	for _, o := range found {
		if o.Overlaps(load.Window{Start: d.start, End: d.end}) && o.Duration() > best.Duration() {
			best = o
		}
	}
	return best
}

// witness sees outages: a stream, or somebody who asks now and then.
type witness struct {
	tally *load.Tally
	name  string
	// busy notes when this machine was too busy for the figures to tell of the server.
	busy  []event.Instant
	polls *poller
}

func (w *witness) add(s load.Sample) {
	w.tally.Add(s)
	if s.Late() > 5*time.Millisecond || s.OK() && s.Service() > 12*time.Millisecond {
		w.busy = append(w.busy, s.Due)
	}
}

// judge compares what was seen of a downtime with the truth.
func (w *witness) judge(d downtime) map[string]float64 {
	var found []load.Outage
	switch {
	case w.polls != nil:
		found = w.polls.found
	case w.disturbed(d):
		return map[string]float64{"disturbed-%": 100}
	default:
		found = w.tally.Pool(w.name).Outages().List
	}
	best := longest(found, d)
	off := (best.Duration() - d.end.Sub(d.start)).Abs()
	is := map[bool]float64{true: 100}
	return map[string]float64{
		"error-ms": off.Seconds() * 1e3, "in-interval-%": is[best.Failures > 0 && off <= best.Resolution],
		"missed-%": is[best.Failures == 0], "disturbed-%": 0,
	}
}

// disturbed says whether the machine was busy near either end of a span.
func (w *witness) disturbed(d downtime) bool {
	return slices.ContainsFunc(w.busy, func(i event.Instant) bool {
		return i.Sub(d.start).Abs() < 30*time.Millisecond || i.Sub(d.end).Abs() < 30*time.Millisecond
	})
}

// poller asks again and again, and takes an outage to last from the first question without an answer to the next with one.
type poller struct {
	every time.Duration
	found []load.Outage
}

func (p *poller) run(ctx context.Context, clock event.Clock, url string) {
	client := &http.Client{Timeout: p.every}
	ticker := time.NewTicker(p.every)
	defer ticker.Stop()
	var since event.Instant
	failures := uint64(0)
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		asked := clock.Now()
		switch ok := answers(ctx, client, url); {
		case !ok && failures == 0:
			since, failures = asked, 1
		case !ok:
			failures++
		case failures > 0:
			p.found = append(p.found, load.Outage{Start: since, End: asked, Failures: failures, Resolution: 2 * p.every})
			failures = 0
		}
	}
}

func answers(ctx context.Context, client *http.Client, url string) bool {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return false
	}
	response, err := client.Do(request)
	if err != nil {
		return false
	}
	_, _ = io.Copy(io.Discard, response.Body)
	response.Body.Close()
	return response.StatusCode == http.StatusOK
}
