package notify

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"
)

// Outcome is what became of a message.
type Outcome string

// The outcomes.
const (
	Delivered Outcome = "delivered"
	Failed    Outcome = "failed"  // no attempt has delivered it
	Dropped   Outcome = "dropped" // it was not tried, since too many waited, or nothing is sent any more
)

// Pace says how attempts follow each other.
type Pace struct {
	// Attempt is how long one may take.
	Attempt time.Duration
	// First is the pause after the first attempt; each other is twice as long as the one before, up to Longest, but for what a
	// receiver asks for. Each is shortened by up to half, at random.
	First, Longest time.Duration
	// GiveUp is how long after its event a message is still tried.
	GiveUp time.Duration
	// Waiting is how many messages may wait for one receiver.
	Waiting int
}

// Usually is the pace that suits servers elsewhere.
func Usually() Pace {
	return Pace{Attempt: 10 * time.Second, First: time.Second, Longest: time.Minute, GiveUp: 15 * time.Minute, Waiting: 100}
}

// Addressee is a receiver by its name, and the occasions on which it wants to be told; the usual ones where there is none.
type Addressee struct {
	// Name tells the queue of the receiver from others.
	Name     string
	On       []Occasion
	Receiver Receiver
}

// Post delivers messages, to each addressee in their order. Its methods may be called by several goroutines at once.
type Post struct {
	pace Pace
	// told is called once for each message and addressee, from goroutines of the post's.
	told func(to string, m Message, o Outcome, why error)

	// ctx ends when nothing is sent any more. hurry is closed when the post is, so that nobody waits for a pause.
	ctx   context.Context
	end   context.CancelFunc
	hurry chan struct{}

	mu     sync.Mutex
	closed bool
	queues map[string][]parcel
	busy   sync.WaitGroup
}

// errOver is that of messages after the end.
var errOver = errors.New("nothing is sent any more")

// parcel is a message on its way.
type parcel struct {
	to Addressee
	m  Message
	// until is when it is given up.
	until time.Time
}

// NewPost makes a post that tells what becomes of each message.
func NewPost(pace Pace, told func(to string, m Message, o Outcome, why error)) *Post {
	ctx, end := context.WithCancel(context.Background())
	return &Post{pace: pace, told: told, ctx: ctx, end: end, hurry: make(chan struct{}), queues: map[string][]parcel{}}
}

// Send takes a message for those of the addressees that want it, and returns at once.
func (p *Post) Send(m Message, to ...Addressee) {
	m = m.tamed()
	for _, a := range to {
		if m.wants(a.On) {
			if err := p.enqueue(parcel{a, m, time.Now().Add(p.pace.GiveUp)}); err != nil {
				p.told(a.Name, m, Dropped, err)
			}
		}
	}
}

// enqueue adds a parcel to the queue of its addressee. A queue that is there has a goroutine.
func (p *Post) enqueue(next parcel) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return errOver
	}
	queue, there := p.queues[next.to.Name]
	if len(queue) >= p.pace.Waiting {
		return fmt.Errorf("%d others wait for the same receiver", len(queue))
	}
	p.queues[next.to.Name] = append(queue, next)
	if !there {
		p.busy.Go(func() { p.empty(next.to.Name) })
	}
	return nil
}

// empty delivers what is in a queue until nothing is, and then takes the queue away.
func (p *Post) empty(name string) {
	for {
		p.mu.Lock()
		queue := p.queues[name]
		if len(queue) == 0 {
			delete(p.queues, name)
			p.mu.Unlock()
			return
		}
		next := queue[0]
		p.queues[name] = queue[1:]
		p.mu.Unlock()
		var err error
		o := Delivered
		if p.ctx.Err() != nil {
			o, err = Dropped, errOver
		} else if err = p.deliver(next); err != nil {
			o = Failed
		}
		p.told(name, next.m, o, err)
	}
}

// deliver makes attempts until one succeeds, none can, or time is over.
func (p *Post) deliver(next parcel) error {
	pause := p.pace.First
	for attempt := 1; ; attempt++ {
		err := p.attempt(next)
		if err == nil {
			return nil
		}
		f := new(Failure)
		if errors.As(err, &f) && f.Final {
			return err
		}
		wait := pause - rand.N(pause/2+1)
		if f.After > 0 {
			wait = f.After
		}
		if time.Now().Add(wait).After(next.until) || !p.pause(wait, f.After > 0) {
			return fmt.Errorf("%w (attempt %d)", err, attempt)
		}
		pause = min(2*pause, p.pace.Longest)
	}
}

func (p *Post) attempt(next parcel) error {
	ctx, cancel := context.WithTimeout(p.ctx, p.pace.Attempt)
	defer cancel()
	return next.to.Receiver.Deliver(ctx, next.m)
}

// pause waits, and says whether another attempt may be made. Where the post is being closed it waits no longer than after the first
// attempt, unless the receiver has asked for it.
func (p *Post) pause(wait time.Duration, asked bool) bool {
	long := time.NewTimer(wait)
	defer long.Stop()
	hurry := p.hurry
	for {
		select {
		case <-long.C:
			return p.ctx.Err() == nil
		case <-p.ctx.Done():
			return false
		case <-hurry:
			hurry = nil
			if !asked {
				long.Reset(min(wait, p.pace.First))
			}
		}
	}
}

// Close takes no other message, and waits for those that are on their way: for patience at the most, and no longer than leave is
// open. What is not delivered then is told.
func (p *Post) Close(patience time.Duration, leave <-chan struct{}) {
	p.mu.Lock()
	if !p.closed {
		p.closed = true
		close(p.hurry)
	}
	p.mu.Unlock()
	done := make(chan struct{})
	go func() {
		p.busy.Wait()
		close(done)
	}()
	limit := time.NewTimer(patience)
	defer limit.Stop()
	select {
	case <-done:
	case <-limit.C:
	case <-leave:
	}
	p.end()
	<-done
}
