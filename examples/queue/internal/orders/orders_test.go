package orders

import (
	"bytes"
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func broker(t *testing.T) string {
	t.Helper()
	b, err := StartBroker(t.Context(), BrokerOptions{Host: "127.0.0.1", Port: -1, Dir: t.TempDir()})
	require.NoError(t, err)
	t.Cleanup(func() {
		b.Shutdown()
		b.WaitForShutdown()
	})
	return b.ClientURL()
}

// looked is what there is to see once a condition holds.
func looked(t *testing.T, url string, o AuditOptions, enough func(Audit) bool) (a Audit) {
	t.Helper()
	require.Eventually(t, func() bool {
		var err error
		a, err = Look(t.Context(), url, o)
		require.NoError(t, err)
		return enough(a)
	}, 20*time.Second, 50*time.Millisecond)
	return a
}

// TestOrdersAreDone: those who feed are killed and others go on, and each order is queued once and done.
func TestOrdersAreDone(t *testing.T) {
	url := broker(t)
	o := FeedOptions{Source: "import", Count: 30, Every: time.Millisecond}
	feeding, kill := context.WithCancel(t.Context())
	first := FeedOptions{Source: o.Source, Every: o.Every}
	over := make(chan error)
	go func() { over <- Feed(feeding, url, first, new(bytes.Buffer)) }()
	begun := looked(t, url, AuditOptions{Source: o.Source, Within: time.Hour}, func(a Audit) bool { return a.Queued > 2 })
	kill()
	require.NoError(t, <-over)
	assert.Zero(t, begun.Done)

	last := looked(t, url, AuditOptions{Source: o.Source, Within: time.Hour}, func(Audit) bool { return true }).Queued
	o.Count = last + 10
	var said bytes.Buffer
	require.NoError(t, Feed(t.Context(), url, o, &said))
	assert.Contains(t, said.String(), fmt.Sprintf("from order %d on", last+1))

	working, stop := context.WithCancel(t.Context())
	for range 2 {
		go func() { over <- Work(working, url, WorkOptions{}) }()
	}
	asked := AuditOptions{Source: o.Source, Within: time.Hour, Exactly: o.Count}
	a := looked(t, url, asked, func(a Audit) bool { return a.Done == o.Count })
	require.NoError(t, a.Fault(asked))
	stop()
	require.NoError(t, <-over)
	require.NoError(t, <-over)

	o.Forgetful = true
	require.NoError(t, Feed(t.Context(), url, o, &said))
	a, err := Look(t.Context(), url, asked)
	require.NoError(t, err)
	assert.Equal(t, o.Count, a.Double)
	assert.ErrorContains(t, a.Fault(asked), "queued more than once")
}

// TestWorkerThatDies: what it had begun is done by another, unless it had said before that it was done.
func TestWorkerThatDies(t *testing.T) {
	for _, ackFirst := range []bool{false, true} {
		t.Run(fmt.Sprintf("acknowledges first %t", ackFirst), func(t *testing.T) {
			t.Parallel()
			url := broker(t)
			require.NoError(t, Feed(t.Context(), url, FeedOptions{Source: "shop", Count: 1, Every: time.Millisecond}, new(bytes.Buffer)))
			conn, js, err := connect(url)
			require.NoError(t, err)
			defer conn.Close()
			queue, err := js.Consumer(t.Context(), ordersStream, workers)
			require.NoError(t, err)
			m, err := queue.Next()
			require.NoError(t, err)
			dying, kill := context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer kill()
			do(dying, js, m, WorkOptions{Takes: time.Hour, AckFirst: ackFirst})

			working, stop := context.WithCancel(t.Context())
			over := make(chan error)
			go func() { over <- Work(working, url, WorkOptions{AckFirst: ackFirst}) }()
			asked := AuditOptions{Source: "shop", Within: redeliverAfter + time.Second}
			a := looked(t, url, asked, func(a Audit) bool { return a.Done+a.Overdue == 1 })
			if ackFirst {
				assert.ErrorContains(t, a.Fault(asked), "1 orders are not done within 6s")
			} else {
				assert.NoError(t, a.Fault(asked))
			}
			stop()
			require.NoError(t, <-over)
		})
	}
}

// TestJobThatIsEnded: one that has more to queue must not look as if it were done.
func TestJobThatIsEnded(t *testing.T) {
	url := broker(t)
	for name, c := range map[string]struct {
		count int
		err   string
	}{"a job": {count: 1000, err: "ended before all orders were queued"}, "a service": {}} {
		t.Run(name, func(t *testing.T) {
			ctx, end := context.WithTimeout(t.Context(), 100*time.Millisecond)
			defer end()
			err := Feed(ctx, url, FeedOptions{Source: "import", Count: c.count, Every: time.Millisecond}, new(bytes.Buffer))
			if c.err == "" {
				assert.NoError(t, err)
			} else {
				assert.EqualError(t, err, c.err)
			}
		})
	}
}

func TestFaults(t *testing.T) {
	asked := AuditOptions{Within: time.Second, Exactly: 3}
	for want, a := range map[string]Audit{
		"2 orders are not done within 1s":                             {Queued: 3, Done: 1, Overdue: 2},
		"2 orders are queued and 2 are done, where there should be 3": {Queued: 2, Done: 2},
		"3 orders are queued and 2 are done, where there should be 3": {Queued: 3, Done: 2},
		"1 orders are queued more than once":                          {Queued: 3, Done: 3, Double: 1},
	} {
		assert.EqualError(t, a.Fault(asked), want)
	}
	assert.NoError(t, Audit{Queued: 3, Done: 3}.Fault(asked))
	assert.NoError(t, Audit{Queued: 9, Done: 3, Double: 2}.Fault(AuditOptions{}))
}
