package proxy

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/miekg/dns"
)

// DNS is a name server that answers some questions wrongly, late or not at all, and has the others answered by the server that
// they were for.
type DNS struct {
	// Names are those of which the questions fit: a name, or *.example.com for all below it. None stands for all.
	Names []string
	// Search are the domains in which resolvers try a name. One of Names that does not end in a dot stands for what it becomes
	// in each of them, too.
	Search []string
	// Share of the questions that fit meets the fault: 0 to 1.
	Share float64
	// Dialer connects to the real servers.
	Dialer net.Dialer

	// Delay is for how long a question is held.
	Delay time.Duration
	// Answer is what it gets then.
	Answer Answer

	hit, fitting, others atomic.Int64
}

// Answer is one to a question of DNS.
type Answer string

// The answers.
const (
	TrueAnswer Answer = "" // that of the server
	NXDOMAIN   Answer = "NXDOMAIN"
	SERVFAIL   Answer = "SERVFAIL"
	NoAnswer   Answer = "none" // who asks is left waiting
)

// Serve answers what comes to the sockets, which were questions for a server, until stop ends. They are closed when it returns. It
// may be called for several servers at once. As soon as faults ends, all answers are true.
func (d *DNS) Serve(faults, stop context.Context, packets net.PacketConn, l net.Listener, server string) error {
	servers := []*dns.Server{
		{PacketConn: packets, Handler: d.handler(faults, "udp", server), UDPSize: dns.MaxMsgSize},
		{Listener: l, Handler: d.handler(faults, "tcp", server)},
	}
	stop, fail := context.WithCancelCause(stop)
	defer fail(nil)
	var serving, starting sync.WaitGroup
	for _, s := range servers {
		starting.Add(1)
		started := sync.OnceFunc(starting.Done)
		s.NotifyStartedFunc = started
		serving.Go(func() {
			defer started()
			if err := s.ActivateAndServe(); err != nil {
				fail(fmt.Errorf("the name server has failed: %w", err))
			}
		})
	}
	starting.Wait() // one that has not begun cannot be shut down
	<-stop.Done()
	err := context.Cause(stop)
	grace, cancel := context.WithTimeout(context.WithoutCancel(stop), Grace)
	defer cancel()
	for _, s := range servers {
		_ = s.ShutdownContext(grace)
	}
	serving.Wait()
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// handler answers what was sent to a server.
func (d *DNS) handler(faults context.Context, network, server string) dns.HandlerFunc {
	return func(w dns.ResponseWriter, question *dns.Msg) {
		switch {
		case faults.Err() != nil:
		case !d.fits(question):
			d.others.Add(1)
		default:
			d.fitting.Add(1)
			if hits(d.Share) {
				d.hit.Add(1)
				if d.fault(faults, w, question) {
					return
				}
			}
		}
		d.passOn(w, question, network, server)
	}
}

// fits says whether it asks for one of the names.
func (d *DNS) fits(question *dns.Msg) bool {
	if len(d.Names) == 0 {
		return true
	}
	for _, q := range question.Question {
		for _, name := range d.Names {
			if isName(q.Name, name) {
				return true
			}
			for _, domain := range d.Search {
				if !dns.IsFqdn(name) && isName(q.Name, name+"."+domain) {
					return true
				}
			}
		}
	}
	return false
}

func isName(asked, name string) bool {
	asked, name = dns.CanonicalName(asked), dns.CanonicalName(name)
	if domain, ok := strings.CutPrefix(name, "*."); ok {
		return asked != domain && dns.IsSubDomain(domain, asked)
	}
	return asked == name
}

// fault says whether it was all that becomes of the question.
func (d *DNS) fault(faults context.Context, w dns.ResponseWriter, question *dns.Msg) bool {
	if d.Delay > 0 {
		late := time.NewTimer(d.Delay)
		defer late.Stop()
		select {
		case <-late.C:
		case <-faults.Done(): // over before it was due: nothing more is done to it
			return false
		}
	}
	var answer dns.Msg
	switch d.Answer {
	case NoAnswer:
		return true
	case NXDOMAIN:
		answer.SetRcode(question, dns.RcodeNameError) // without a record of SOA, nobody keeps it
	case SERVFAIL:
		answer.SetRcode(question, dns.RcodeServerFailure)
	default:
		return false
	}
	answer.RecursionAvailable = true
	if o := question.IsEdns0(); o != nil {
		answer.SetEdns0(o.UDPSize(), o.Do())
	}
	_ = w.WriteMsg(&answer) // who has left asks again, or not
	return true
}

// patience is how long an answer of the real server is waited for; resolvers wait for five seconds.
const patience = 5 * time.Second

// passOn gives the answer of the real server, and none where it gives none.
func (d *DNS) passOn(w dns.ResponseWriter, question *dns.Msg, network, server string) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	c := dns.Client{Net: network, Timeout: patience, Dialer: &d.Dialer}
	answer, _, err := c.ExchangeContext(ctx, question, server)
	if err != nil {
		if network == "tcp" {
			w.Close()
		}
		return
	}
	answer.Compress = true
	_ = w.WriteMsg(answer)
}

// Did counts the questions.
func (d *DNS) Did() (string, error) {
	effect := map[Answer]string{TrueAnswer: "", NoAnswer: "left without an answer", NXDOMAIN: "answered with NXDOMAIN", SERVFAIL: "answered with SERVFAIL"}[d.Answer]
	if d.Delay > 0 {
		effect = strings.TrimSuffix(fmt.Sprintf("held for %s and %s", d.Delay, effect), " and ")
	}
	did := fmt.Sprintf("%s: %d of %d questions that fit", effect, d.hit.Load(), d.fitting.Load())
	if others := d.others.Load(); others > 0 {
		did += fmt.Sprintf("; %d others were passed on", others)
	}
	if d.hit.Load() == 0 {
		return did, ErrNothing
	}
	return did, nil
}
