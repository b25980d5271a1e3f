package cli

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/chaosctl/chaosctl/pkg/election"
	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/leftover"
	"github.com/chaosctl/chaosctl/pkg/lock"
	"github.com/chaosctl/chaosctl/pkg/report"
)

// elected remembers what was run last in the Lease by which a leader is elected.
type elected struct {
	election *election.Election
	day      *experiment.GameDay
}

// read is for a new leader. From where there is nothing yet, it remembers that nothing before now is due: the next leader is to
// make up for what this one misses.
func (e elected) read(ctx context.Context) (time.Time, error) {
	last, err := e.election.LastRun(ctx, e.day.Metadata.Name)
	if err != nil {
		return time.Time{}, err
	}
	if last != nil && last.Schedule == scheduleText(e.day) {
		return last.At, nil
	}
	now := time.Now()
	return now, e.write(ctx, now)
}

func (e elected) write(ctx context.Context, at time.Time) error {
	return e.election.Remember(ctx, e.day.Metadata.Name, election.LastRun{Schedule: scheduleText(e.day), At: at.UTC()})
}

// strict is true: one that leads no more must run nothing.
func (elected) strict() bool { return true }

// leaseName reads namespace/name of the Lease by which replicas elect a leader.
func leaseName(text string) (namespace, name string, err error) {
	namespace, name, _ = strings.Cut(text, "/")
	if len(validation.IsDNS1123Label(namespace)) > 0 || len(validation.IsDNS1123Subdomain(name)) > 0 {
		return "", "", usage(fmt.Errorf("--leader-elect %q is not namespace/name of a Lease: expected one such as chaos/chaosctl-serve", text))
	}
	return namespace, name, nil
}

// newElection is this process's part in the election of a leader.
func (a *app) newElection(lease string) (*election.Election, error) {
	namespace, name, err := leaseName(lease)
	if err != nil {
		return nil, err
	}
	c, err := a.connect()
	if err != nil {
		return nil, err
	}
	return &election.Election{Client: c.Client, Namespace: namespace, Name: name, Identity: host() + "_" + strings.ToLower(rand.Text()[:8])}, nil
}

// serveElected leads while it is elected, and waits otherwise, until ctx ends. The lead is given up when all is undone.
func (s *server) serveElected(ctx context.Context, looks <-chan time.Time) error {
	e := s.set.options.election
	if err := e.Check(ctx); err != nil {
		return err
	}
	e.Leads = func(identity string) {
		if identity != "" && identity != e.Identity {
			fmt.Fprintf(s.set.voices.err, "%s leads; this replica waits\n", identity)
		}
	}
	e.Trouble = func(err error) { fmt.Fprintf(s.set.voices.err, "warning: the election of a leader: %v\n", err) }
	for {
		candidacy, err := e.Stand(ctx)
		if err != nil {
			return err
		}
		term := s.await(ctx, candidacy, looks)
		if term == nil {
			candidacy.Withdraw()
			return nil
		}
		fmt.Fprintf(s.set.voices.err, "this replica leads (%s)\n", e.Identity)
		leading, end := context.WithCancel(ctx)
		stop := context.AfterFunc(term, end)
		s.recoverLost(leading)
		err = s.lead(leading, looks)
		lost := term.Err() != nil && ctx.Err() == nil
		stop()
		end()
		candidacy.Withdraw()
		if err != nil || !lost {
			return err
		}
		fmt.Fprintln(s.set.voices.err, "warning: the lead was lost, since the Lease could not be renewed in time: what was under way is undone")
	}
}

// await gives the term for which this replica is elected; nil where ctx ends first. It goes by what becomes of the files meanwhile.
func (s *server) await(ctx context.Context, candidacy *election.Candidacy, looks <-chan time.Time) context.Context {
	s.set.monitor.Ready(true)
	s.leads(false)
	for {
		select {
		case <-ctx.Done():
			return nil
		case term := <-candidacy.Elected():
			return term
		case <-looks:
			s.set.look()
		}
	}
}

// recoverLost puts back what a leader has left that was lost, on the targets of all game days. What cannot be put back is told, and
// keeps no others from being run: a run is refused whose own target has leftovers.
func (s *server) recoverLost(ctx context.Context) {
	own := *s.app
	own.Err = s.set.voices.err
	code, err := own.recoverTargets(ctx, s.set.days())
	switch {
	case ctx.Err() != nil:
	case err != nil:
		fmt.Fprintf(own.Err, "warning: what a lost leader may have left could not be looked for, or not be put back: %v\n", err)
	case code != report.ExitPass:
		fmt.Fprintln(own.Err, "warning: what a lost leader has left could not be put back: see chaosctl status")
	}
}

// recoverTargets recovers all runs on the targets of game days that are not in progress.
func (a *app) recoverTargets(ctx context.Context, days []*gameDay) (code int, err error) {
	c, err := a.connect()
	if err != nil {
		return 0, err
	}
	identity, err := c.Identity(ctx)
	if err != nil {
		return 0, err
	}
	var scopes []lock.Scope
	for _, day := range days {
		for _, e := range day.experiments {
			if scope := lock.ScopeOf(e.Spec.Target); !slices.Contains(scopes, scope) {
				scopes = append(scopes, scope)
			}
		}
	}
	found, err := leftover.FindAt(ctx, c, scopes...)
	if err != nil {
		return 0, err
	}
	leftover.Newest(found.Runs)
	return a.recoverRuns(ctx, a.recovery(c, identity.UID), found.Runs, false)
}
