package orders

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// AuditOptions say what is asked of the orders.
type AuditOptions struct {
	Source string
	// Within is the time in which an order must be done.
	Within time.Duration
	// Exactly is how many there must be, each queued once and done; 0 leaves that open.
	Exactly int
}

// Audit is what has become of the orders of a source.
type Audit struct {
	// Queued counts the orders, Double those that are queued more than once.
	Queued, Double int
	// Done counts those that are done, Overdue those that should be.
	Done, Overdue int
}

func (a Audit) String() string {
	return fmt.Sprintf("%d orders, %d of them double; %d done, %d overdue", a.Queued, a.Double, a.Done, a.Overdue)
}

// Fault says what is wrong with them; nil where nothing is.
func (a Audit) Fault(o AuditOptions) error {
	switch {
	case a.Overdue > 0:
		return fmt.Errorf("%d orders are not done within %s", a.Overdue, o.Within)
	case o.Exactly > 0 && (a.Queued != o.Exactly || a.Done != o.Exactly):
		return fmt.Errorf("%d orders are queued and %d are done, where there should be %d", a.Queued, a.Done, o.Exactly)
	case o.Exactly > 0 && a.Double > 0:
		return fmt.Errorf("%d orders are queued more than once", a.Double)
	}
	return nil
}

// patience is how long the broker may take to answer.
const patience = 5 * time.Second

// Look reads the queues.
func Look(ctx context.Context, url string, o AuditOptions) (Audit, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	conn, js, err := connect(url)
	if err != nil {
		return Audit{}, err
	}
	defer conn.Close()
	// What is done is read first, so that nothing that is done meanwhile is one that was never queued.
	done, err := read(ctx, js, doneStream, doneOf(o.Source))
	if err != nil {
		return Audit{}, err
	}
	queued, err := read(ctx, js, ordersStream, ordersOf(o.Source))
	if err != nil {
		return Audit{}, err
	}
	return weigh(queued, done, time.Now().Add(-o.Within)), nil
}

// entry is what a queue knows of an order: how often it is there, and since when.
type entry struct {
	times int
	since time.Time
}

func weigh(queued, done map[string]entry, before time.Time) (a Audit) {
	for id, order := range queued {
		a.Queued++
		if order.times > 1 {
			a.Double++
		}
		switch _, is := done[id]; {
		case is:
			a.Done++
		case order.since.Before(before):
			a.Overdue++
		}
	}
	return a
}

// read gives what a queue holds under a subject, by the number of the order.
func read(ctx context.Context, js jetstream.JetStream, stream, subject string) (map[string]entry, error) {
	queue, err := js.OrderedConsumer(ctx, stream, jetstream.OrderedConsumerConfig{FilterSubjects: []string{subject}})
	if err != nil {
		return nil, err
	}
	info, err := queue.Info(ctx)
	if err != nil {
		return nil, err
	}
	all := map[string]entry{}
	for left := int(info.NumPending); left > 0; {
		batch, err := queue.Fetch(min(left, 500), jetstream.FetchMaxWait(patience))
		if err != nil {
			return nil, err
		}
		for m := range batch.Messages() {
			meta, err := m.Metadata()
			if err != nil {
				return nil, err
			}
			left--
			e := all[string(m.Data())]
			if e.times++; e.times == 1 {
				e.since = meta.Timestamp
			}
			all[string(m.Data())] = e
		}
		if err := errors.Join(batch.Error(), ctx.Err()); err != nil {
			return nil, err
		}
	}
	return all, nil
}
