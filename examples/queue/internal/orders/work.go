package orders

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// WorkOptions say how a worker works.
type WorkOptions struct {
	// Takes is how long an order takes.
	Takes time.Duration
	// AckFirst acknowledges an order before it is done, so that it is lost with the worker.
	AckFirst bool
}

// Work works off one order after the other until ctx ends, and ends at once then, as if it had been killed. An order is done
// at least once: one whose worker is gone, or whose acknowledgement was lost, is done again.
func Work(ctx context.Context, url string, o WorkOptions) error {
	conn, js, err := connect(url)
	if err != nil {
		return err
	}
	defer conn.Close()
	queue, err := await(ctx, func() (jetstream.Consumer, error) { return js.Consumer(ctx, ordersStream, workers) })
	if err != nil {
		return err // it was told to end before the broker answered
	}
	for ctx.Err() == nil {
		// One at a time: what a worker has fetched ahead waits for redeliverAfter when it dies.
		m, err := queue.Next(jetstream.FetchMaxWait(time.Second))
		switch {
		case errors.Is(err, nats.ErrTimeout):
			continue
		case err != nil:
			pause(ctx)
			continue
		}
		do(ctx, js, m, o)
	}
	return nil
}

// do works off one order. What goes wrong leaves it unacknowledged, so that it is done again.
func do(ctx context.Context, js jetstream.JetStream, m jetstream.Msg, o WorkOptions) {
	ctx, cancel := context.WithTimeout(ctx, redeliverAfter)
	defer cancel()
	if o.AckFirst && m.DoubleAck(ctx) != nil {
		return
	}
	select {
	case <-time.After(o.Takes):
	case <-ctx.Done():
		return
	}
	source := strings.TrimPrefix(m.Subject(), ordersStream+".")
	if _, err := js.Publish(ctx, doneOf(source), m.Data()); err != nil || o.AckFirst {
		return
	}
	_ = m.DoubleAck(ctx) // unacknowledged, it is done again
}

// pause keeps a worker from asking a broker that is away without end.
func pause(ctx context.Context) {
	select {
	case <-ctx.Done():
	case <-time.After(200 * time.Millisecond):
	}
}
