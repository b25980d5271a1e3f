package load_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/pkg/event"
	"github.com/chaosctl/chaosctl/pkg/load"
)

// plausible makes the samples of two streams of 500/s, out of order as requests end.
func plausible(n int) []load.Sample {
	random := rand.New(rand.NewPCG(1, 2))
	samples := make([]load.Sample, n)
	for i := range samples {
		due := event.Instant(time.Duration(i+random.IntN(3)) * time.Millisecond)
		start := due.Add(time.Duration(random.IntN(1_500_000)))
		s := load.Sample{
			Stream: i % 2,
			Due:    due,
			Start:  start,
			End:    start.Add(time.Duration(500_000 + random.IntN(20_000_000))),
			Status: 200,
			Pod:    fmt.Sprintf("web-7d9c6bd5f9-x%d", random.IntN(5)),
		}
		switch random.IntN(100) {
		case 0:
			s.Status, s.Cause = 503, load.ServerError
		case 1:
			s.Status, s.Cause, s.Pod = 0, load.Causes()[random.IntN(len(load.Causes()))], ""
			s.Peer = load.Peer{Address: fmt.Sprintf("10.0.0.%d", random.IntN(3))}
			if random.IntN(2) == 0 {
				s.Peer.Pod = fmt.Sprintf("web-7d9c6bd5f9-x%d", random.IntN(5))
			}
		}
		samples[i] = s
	}
	return samples
}

func write(t testing.TB, samples []load.Sample, blocks int) []byte {
	var file bytes.Buffer
	w := load.NewWriter(&file)
	for i, s := range samples {
		require.NoError(t, w.Write(s))
		if (i+1)%(len(samples)/blocks) == 0 {
			require.NoError(t, w.Flush())
		}
	}
	require.NoError(t, w.Close())
	require.NoError(t, w.Close(), "closing twice is no harm")
	require.Error(t, w.Write(load.Sample{}))
	return file.Bytes()
}

func read(file []byte) (samples []load.Sample, err error) {
	err = load.ReadSamples(bytes.NewReader(file), func(s load.Sample) error {
		samples = append(samples, s)
		return nil
	})
	return samples, err
}

func TestSampleFileRoundTrip(t *testing.T) {
	want := append(plausible(20_000),
		load.Sample{Stream: 1 << 20, Due: -5, Start: -9, End: 1 << 60, Status: 999, Cause: load.Other, Pod: "ü"},
		load.Sample{})
	file := write(t, want, 20)
	got, err := read(file)
	require.NoError(t, err)
	assert.Equal(t, want, got)
	t.Logf("%.1f bytes per sample", float64(len(file))/float64(len(want)))
	assert.Less(t, float64(len(file))/float64(len(want)), 16.5)
}

func TestATornFileGivesItsWholeBlocks(t *testing.T) {
	want := plausible(90)
	file := write(t, want, 9)
	before := 0
	for cut := range file {
		got, err := read(file[:cut])
		require.ErrorIs(t, err, load.ErrTorn, "cut at %d", cut)
		require.Zero(t, len(got)%10)
		require.GreaterOrEqual(t, len(got), before)
		require.Equal(t, want[:len(got)], append([]load.Sample{}, got...))
		before = len(got)
	}
	assert.Len(t, want, before)
}

func TestADamagedBlockCostsNoOther(t *testing.T) {
	want := plausible(90)
	file := write(t, want, 9)
	written := map[load.Sample]bool{}
	for _, s := range want {
		written[s] = true
	}
	for at := len("chaosctl samples 2\n"); at < len(file); at++ {
		damaged := bytes.Clone(file)
		damaged[at] ^= 0x55
		got, err := read(damaged)
		require.True(t, errors.Is(err, load.ErrCorrupt) || errors.Is(err, load.ErrTorn), "byte %d: %v", at, err)
		for _, s := range got {
			require.True(t, written[s], "byte %d gives a sample that was not written", at)
		}
	}
	damaged := bytes.Clone(file)
	damaged[len(file)/2] ^= 0x55
	got, err := read(damaged)
	require.ErrorIs(t, err, load.ErrCorrupt)
	assert.NotErrorIs(t, err, load.ErrTorn)
	assert.Len(t, got, 80)
}

// TestTheFirstVersionIsRead: a file of a time in which samples had no peers.
func TestTheFirstVersionIsRead(t *testing.T) {
	want := []load.Sample{{Stream: 1, Due: 5, Start: 6, End: 9, Status: 200, Pod: "web-1"}, {Stream: 1, Due: 7, Start: 8, End: 11, Cause: load.Refused}}
	file := write(t, want, 1)
	got, err := read(append([]byte("chaosctl samples 1\n"), file[len("chaosctl samples 2\n"):]...))
	require.NoError(t, err)
	assert.Equal(t, want, got)
}

func TestOtherFilesAreRefused(t *testing.T) {
	_, err := read([]byte("chaosctl samples 3\n"))
	assert.ErrorContains(t, err, "version")
	_, err = read([]byte("apiVersion: v1\n"))
	assert.ErrorContains(t, err, "not a sample file")
}

func TestAnErrorOfTheReaderEndsReading(t *testing.T) {
	enough := errors.New("enough")
	n := 0
	err := load.ReadSamples(bytes.NewReader(write(t, plausible(50), 1)), func(load.Sample) error {
		n++
		return enough
	})
	assert.ErrorIs(t, err, enough)
	assert.Equal(t, 1, n)
}

// notify is a file that says when it was written to.
type notify struct {
	mu      sync.Mutex
	content bytes.Buffer
	written chan struct{}
}

func (n *notify) Write(p []byte) (int, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	defer func() { n.written <- struct{}{} }()
	return n.content.Write(p)
}

func TestSamplesReachTheFileWithinASecond(t *testing.T) {
	file := &notify{written: make(chan struct{}, 16)}
	w := load.NewWriter(file)
	<-file.written
	want := plausible(1)
	began := time.Now()
	require.NoError(t, w.Write(want[0]))
	<-file.written
	t.Logf("written after %v", time.Since(began))
	assert.Less(t, time.Since(began), 5*time.Second)
	file.mu.Lock()
	defer file.mu.Unlock()
	got, err := read(file.content.Bytes())
	assert.ErrorIs(t, err, load.ErrTorn)
	assert.Equal(t, want, got)
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left") }

func TestAFullDiskIsReported(t *testing.T) {
	w := load.NewWriter(full{})
	assert.ErrorContains(t, w.Write(load.Sample{}), "no space left")
	assert.ErrorContains(t, w.Close(), "no space left")
}

func TestAWriterServesSeveralStreams(t *testing.T) {
	var file bytes.Buffer
	w := load.NewWriter(&file)
	var streams sync.WaitGroup
	for id := range 4 {
		streams.Go(func() {
			for i := range 1000 {
				assert.NoError(t, w.Write(load.Sample{Stream: id, Due: event.Instant(i), Start: event.Instant(i + 1)}))
			}
		})
	}
	streams.Wait()
	require.NoError(t, w.Close())
	next := map[int]event.Instant{}
	require.NoError(t, load.ReadSamples(&file, func(s load.Sample) error {
		assert.Equal(t, next[s.Stream], s.Due)
		next[s.Stream]++
		return nil
	}))
	assert.Len(t, next, 4)
}
