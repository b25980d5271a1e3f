package proxy

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"
	"golang.org/x/time/rate"
)

// Connections passes on what goes through connections of TCP, late or slowly. What it is, it does not look at.
type Connections struct {
	// Share of the connections meets the fault: 0 to 1.
	Share float64
	// Dialer connects to where they were going to.
	Dialer net.Dialer
	// Out says that they were opened by the pod, and not by its peers.
	Out bool

	// Delay is for how long what the pod sends is held, give or take Jitter.
	Delay, Jitter time.Duration
	// Rate is how many bytes a second may go each way, in all connections together; 0 is any number.
	Rate int64
	// Each has Rate be that of each of the connections.
	Each bool

	hit, others, failed atomic.Int64
}

// Serve passes on what goes through the connections.
func (c *Connections) Serve(ctx context.Context, l net.Listener, origin Origin) error {
	up, down := newPace(c.Rate), newPace(c.Rate)
	var all connections
	err := all.serve(l, func(client *net.TCPConn) {
		hit := ctx.Err() == nil && hits(c.Share)
		if hit {
			c.hit.Add(1)
		} else {
			c.others.Add(1)
		}
		server, err := dial(&c.Dialer, client, origin)
		if err != nil {
			c.failed.Add(1)
			reset(client)
			return
		}
		there, back := copying(untouched), copying(untouched)
		if hit {
			up, down := up, down
			if c.Each {
				up, down = newPace(c.Rate), newPace(c.Rate)
			}
			there, back = c.way(ctx, up, c.Out), c.way(ctx, down, !c.Out)
		}
		all.relay(client, server, client, there, back)
	})
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), Grace)
	defer cancel()
	all.end(grace)
	return err
}

// pace is how fast bytes may go; nil lets them go as they come. It may be used by several goroutines at once.
type pace struct{ limit *rate.Limiter }

// packet is how much goes at once in any case.
const packet = 1500

func newPace(perSecond int64) *pace {
	if perSecond == 0 {
		return nil
	}
	// After a pause, as much may go at once as in a tenth of a second.
	return &pace{rate.NewLimiter(rate.Limit(perSecond), max(int(perSecond/10), packet))}
}

// write writes no faster than that, until ctx ends.
func (p *pace) write(ctx context.Context, to io.Writer, data []byte) error {
	for p != nil && len(data) > 0 {
		n := min(len(data), p.limit.Burst())
		if p.limit.WaitN(ctx, n) != nil {
			break
		}
		if _, err := to.Write(data[:n]); err != nil {
			return err
		}
		data = data[n:]
	}
	_, err := to.Write(data)
	return err
}

const (
	// piece is how much is read at once, at the most.
	piece = 16 << 10
	// underWay is how much of one connection may be held at once. So no more than that goes through it in the time of a delay,
	// as it would with a window of TCP of that size.
	underWay = 1 << 20
	// pieces is in how many pieces that may be.
	pieces = 4096
)

// held is what has been read, and when it is due.
type held struct {
	data []byte
	due  time.Time
}

// way holds the bytes that go in one direction, and lets them go by a pace.
func (c *Connections) way(faults context.Context, p *pace, sent bool) copying {
	return func(to io.Writer, from io.Reader) error {
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		room, line, failed := semaphore.NewWeighted(underWay), make(chan held, pieces), make(chan error, 1)
		go func() {
			defer close(line)
			failed <- c.read(ctx, from, sent, room, line)
		}()
		for h := range line {
			pause(faults, time.Until(h.due))
			if err := p.write(faults, to, h.data); err != nil {
				return err
			}
			room.Release(int64(len(h.data)))
		}
		return <-failed
	}
}

// read puts what comes into line until there is no more, or ctx ends.
func (c *Connections) read(ctx context.Context, from io.Reader, sent bool, room *semaphore.Weighted, line chan<- held) error {
	var last time.Time
	buffer := make([]byte, piece)
	for {
		n, err := from.Read(buffer)
		if n > 0 {
			due := time.Now()
			if sent {
				due = due.Add(c.delay())
			}
			if due.Before(last) { // nothing overtakes within a connection
				due = last
			}
			last = due
			if room.Acquire(ctx, int64(n)) != nil {
				return nil //nolint:nilerr // ctx has ended, and so has the fault
			}
			select {
			case line <- held{bytes.Clone(buffer[:n]), due}:
			case <-ctx.Done():
				return nil
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// delay draws that of one piece.
func (c *Connections) delay() time.Duration {
	if c.Jitter == 0 {
		return c.Delay
	}
	return max(0, c.Delay-c.Jitter+rand.N(2*c.Jitter+1)) //nolint:gosec // nobody is to be kept from guessing
}

// pause ends early with ctx.
func pause(ctx context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	late := time.NewTimer(d)
	defer late.Stop()
	select {
	case <-late.C:
	case <-ctx.Done():
	}
}

// Did counts the connections.
func (c *Connections) Did() (string, error) {
	var effects []string
	if c.Delay > 0 {
		effect := fmt.Sprintf("held for %s what the pod sent", c.Delay)
		if c.Jitter > 0 {
			effect = fmt.Sprintf("held for %s ± %s what the pod sent", c.Delay, c.Jitter)
		}
		effects = append(effects, effect)
	}
	if c.Rate > 0 {
		of := "all together"
		if c.Each {
			of = "each of them"
		}
		effects = append(effects, fmt.Sprintf("%d bytes a second each way at the most, in %s", c.Rate, of))
	}
	all := c.hit.Load() + c.others.Load()
	did := fmt.Sprintf("%s: %d of %d new connections", strings.Join(effects, ", "), c.hit.Load(), all)
	if failed := c.failed.Load(); failed > 0 {
		did += fmt.Sprintf("; %d came to nothing, since their servers could not be reached", failed)
	}
	if c.hit.Load() == 0 {
		return did, ErrNothing
	}
	return did, nil
}
