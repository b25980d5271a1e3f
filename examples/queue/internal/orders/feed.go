package orders

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// FeedOptions say which orders are queued.
type FeedOptions struct {
	Source string
	// Count is the number of the last order; 0 goes on until the end.
	Count int
	// Every is the time from one to the next.
	Every time.Duration
	// Forgetful begins with the first order, whatever is queued already, and has none of them recognised.
	Forgetful bool
}

// Feed queues orders from the one after the last that is queued on, so that whoever does the work of one that was killed
// leaves none out, and queues none twice. It returns when all are queued, or ctx ends, which is an error where there are more to
// queue: a job that exits with 0 is taken for one that is done.
func Feed(ctx context.Context, url string, o FeedOptions, out io.Writer) error {
	conn, js, err := connect(url)
	if err != nil {
		return err
	}
	defer conn.Close()
	last := 0
	if !o.Forgetful {
		if last, err = await(ctx, func() (int, error) { return lastOf(ctx, js, o.Source) }); err != nil {
			return ended(ctx, o, err)
		}
	}
	fmt.Fprintf(out, "%s: from order %d on\n", o.Source, last+1)
	tick := time.NewTicker(o.Every)
	defer tick.Stop()
	for n := last + 1; o.Count == 0 || n <= o.Count; n++ {
		select {
		case <-ctx.Done():
			return ended(ctx, o, ctx.Err())
		case <-tick.C:
		}
		if _, err := await(ctx, func() (*jetstream.PubAck, error) { return queue(ctx, js, n, o) }); err != nil {
			return ended(ctx, o, err)
		}
	}
	fmt.Fprintf(out, "%s: all %d orders are queued\n", o.Source, o.Count)
	return nil
}

func queue(ctx context.Context, js jetstream.JetStream, n int, o FeedOptions) (*jetstream.PubAck, error) {
	id := strconv.Itoa(n)
	var options []jetstream.PublishOpt
	if !o.Forgetful {
		// That the answer is lost is no reason to queue an order twice.
		options = append(options, jetstream.WithMsgID(o.Source+"-"+id))
	}
	return js.Publish(ctx, ordersOf(o.Source), []byte(id), options...)
}

// lastOf is the number of the last order that is queued; 0 where there is none.
func lastOf(ctx context.Context, js jetstream.JetStream, source string) (int, error) {
	stream, err := js.Stream(ctx, ordersStream)
	if err != nil {
		return 0, err
	}
	m, err := stream.GetLastMsgForSubject(ctx, ordersOf(source))
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(string(m.Data))
}

// await asks again until the broker answers, or ctx ends.
func await[T any](ctx context.Context, ask func() (T, error)) (T, error) {
	for {
		answer, err := ask()
		if err == nil || ctx.Err() != nil {
			return answer, err
		}
		select {
		case <-ctx.Done():
			return answer, err
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// ended is no error where it was time to end.
func ended(ctx context.Context, o FeedOptions, err error) error {
	switch {
	case ctx.Err() == nil:
		return err
	case o.Count > 0:
		return errors.New("ended before all orders were queued")
	}
	return nil
}
