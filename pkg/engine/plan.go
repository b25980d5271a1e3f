package engine

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"

	"github.com/chaosctl/chaosctl/pkg/access"
	"github.com/chaosctl/chaosctl/pkg/cluster"
	"github.com/chaosctl/chaosctl/pkg/event"
	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/inject"
	"github.com/chaosctl/chaosctl/pkg/load"
	"github.com/chaosctl/chaosctl/pkg/target"
)

// Plan is what a run will do, found out without changing anything.
type Plan struct {
	Experiment *experiment.Experiment
	Cluster    event.Cluster
	Seed       int64
	// Workload is the target as it was when the plan was made.
	Workload *cluster.Workload
	// Routes says where each load of the experiment goes, in their order.
	Routes     []cluster.Route
	Injections []Injection
	// Pods and Ready count the target's pods.
	Pods, Ready int
	Impact      Impact
	// Permissions are what the run needs; all are granted, or there would be no plan.
	Permissions []access.Answer

	connection *cluster.Cluster
	coverage   coverage
	// authorizations are by what servers let the loads in, in the order of these.
	authorizations []load.Authorization
	// certificates are what servers are shown, likewise.
	certificates []load.Certificate
}

// Injection is one occurrence of a fault.
type Injection struct {
	Fault experiment.Fault
	// Number counts the occurrences of a repeated fault, from 0.
	Number int
	// At is the offset from the start of the fault window, and For how long the fault stays; 0 means to its end.
	At, For time.Duration
	// Changes are those of the first occurrence. Later ones choose anew, by the same seed, among what is there then.
	Changes []inject.Change
}

// ID names the injection within its run.
func (i *Injection) ID() string { return fmt.Sprintf("%s/%d", i.Fault.Name, i.Number+1) }

// shown are the objects of the plan, to which a fault with fixed targets keeps as long as they are there.
func (i *Injection) shown() map[string]bool {
	if i.Fault.Targets == experiment.Follow {
		return nil
	}
	uids := map[string]bool{}
	for n := range i.Changes {
		uids[string(i.Changes[n].Object.UID)] = true
	}
	return uids
}

// Prepare makes the plan. A [target.Refusal] says that a guard does not allow it, and [access.Denied] which permissions
// are missing; nothing is changed in any case.
func Prepare(ctx context.Context, c *cluster.Cluster, e *experiment.Experiment, seed int64) (*Plan, error) {
	permissions, err := permitted(ctx, c, e)
	if err != nil {
		return nil, err
	}
	identity, err := c.Identity(ctx)
	if err != nil {
		return nil, err
	}
	p := &Plan{Experiment: e, Cluster: identity, Seed: seed, Permissions: permissions, connection: c}
	if err := target.CheckScope(e.Spec.Guard, e.Spec.Target, identity.Context, identity.UID); err != nil {
		return nil, err
	}
	if err := target.CheckDuration(&e.Spec); err != nil {
		return nil, err
	}
	if p.Workload, err = p.workload(ctx); err != nil {
		return nil, err
	}
	if target.OptedOut(p.Workload.Annotations) || target.OptedOut(c.NamespaceAnnotations(ctx, p.Workload.Namespace)) {
		return nil, &target.Refusal{Reason: fmt.Sprintf("%s or its namespace has opted out of faults (annotation %s)", e.Spec.Target, cluster.ProtectAnnotation)}
	}
	for i := range e.Spec.Load {
		route, err := c.Reach(ctx, p.Workload, &e.Spec.Load[i])
		if err != nil {
			return nil, &target.Refusal{Reason: fmt.Sprintf("load %s: %v", e.Spec.Load[i].Name, err)}
		}
		p.Routes = append(p.Routes, route)
	}
	if err := p.authorize(ctx); err != nil {
		return nil, err
	}
	now := p.lookAt(p.Workload)
	pods, err := now.pods(ctx)
	if err != nil {
		return nil, err
	}
	p.Pods = len(pods)
	for _, pod := range pods {
		if pod.Ready {
			p.Ready++
		}
	}
	if p.Workload.Kind == "" {
		p.Workload.Count(pods)
	}
	p.Injections = schedule(e.Spec.Faults)
	for n := range p.Injections {
		i := &p.Injections[n]
		if i.Number > 0 {
			continue
		}
		if i.Changes, err = p.changes(ctx, i, now, p.beside(n)); err != nil {
			return nil, err
		}
	}
	if err := p.permitChanges(ctx); err != nil {
		return nil, err
	}
	if err := p.unmarked(ctx); err != nil {
		return nil, err
	}
	if err := p.agents(ctx); err != nil {
		return nil, err
	}
	p.impact(ctx, pods)
	return p, nil
}

// workload reads the target. One that is a selector has nothing to be read: its pods say what there is.
func (p *Plan) workload(ctx context.Context) (*cluster.Workload, error) {
	t := p.Experiment.Spec.Target
	if t.Workload == "" {
		return cluster.Selected(t), nil
	}
	w, err := p.connection.Workload(ctx, t)
	if err != nil {
		return nil, targetError(t, err)
	}
	return w, nil
}

// beside are the pods that injections before the n-th take away at the same instant.
func (p *Plan) beside(n int) map[types.UID]bool {
	gone := map[types.UID]bool{}
	for i := range p.Injections[:n] {
		if p.Injections[i].At == p.Injections[n].At {
			maps.Copy(gone, removed(p.Injections[i].Changes))
		}
	}
	return gone
}

func targetError(t experiment.Target, err error) error {
	if apierrors.IsNotFound(err) {
		return &target.Refusal{Reason: fmt.Sprintf("the target %s does not exist in this cluster", t)}
	}
	return fmt.Errorf("cannot read the target %s: %w", t, err)
}

// schedule lists the occurrences of all faults.
func schedule(faults []experiment.Fault) []Injection {
	var all []Injection
	for _, f := range faults {
		times, every := 1, time.Duration(0)
		if f.Repeat != nil {
			times, every = f.Repeat.Times, f.Repeat.Every.Std()
		}
		for n := range times {
			i := Injection{Fault: f, Number: n, At: f.At.Std() + time.Duration(n)*every}
			if f.For != nil {
				i.For = f.For.Std()
			}
			all = append(all, i)
		}
	}
	return all
}

// changes asks the fault what it would do to what there is now, and the guard whether that may be done beside what other
// injections are taking away.
func (p *Plan) changes(ctx context.Context, i *Injection, now *sight, pending map[types.UID]bool) ([]inject.Change, error) {
	fault, ok := i.Fault.Params.(inject.Fault)
	if !ok {
		return nil, fmt.Errorf("fault %s: %s cannot be injected", i.Fault.Name, i.Fault.Kind)
	}
	changes, err := fault.Plan(ctx, inject.Scope{
		View: now, Workload: now.workload, Guard: p.Experiment.Spec.Guard,
		Draw: target.Draw{Seed: p.Seed, Label: i.ID(), Prefer: i.shown()}, Number: i.Number, Now: time.Now(),
		Lasts: p.lasts(i),
	})
	if err != nil {
		return nil, inFault(i, err)
	}
	for n := range changes {
		c := &changes[n]
		c.Fault = i.Fault.Name
		c.ID = i.ID() + "/" + c.ID
		if c.UndoAfter != "" {
			c.UndoAfter = i.ID() + "/" + c.UndoAfter
		}
	}
	loss := target.Loss{Now: removed(changes), Pending: pending}
	if len(loss.Now) == 0 {
		return changes, nil
	}
	if err := p.check(ctx, now, loss); err != nil {
		return nil, inFault(i, err)
	}
	return changes, nil
}

// lasts is how long an injection stays.
func (p *Plan) lasts(i *Injection) time.Duration {
	if i.For > 0 {
		return i.For
	}
	return p.Experiment.Spec.FaultWindow() - i.At
}

// check holds the guards on the target and its namespace.
func (p *Plan) check(ctx context.Context, now *sight, loss target.Loss) error {
	desired := now.workload.Status.Desired
	census, err := now.census(ctx)
	if err != nil {
		return err
	}
	guard := p.Experiment.Spec.Guard
	missing := max(0, desired-len(census.Pods))
	if err := target.CheckNamespace(guard, p.Workload.Namespace, census.Everybody, missing, loss); err != nil {
		return err
	}
	return target.CheckRadius(guard, desired, census.Pods, loss)
}

// inFault names the fault in an error, and leaves a refusal a refusal.
func inFault(i *Injection, err error) error {
	var refusal *target.Refusal
	if errors.As(err, &refusal) {
		return &target.Refusal{Reason: "fault " + i.Fault.Name + ": " + refusal.Reason}
	}
	return fmt.Errorf("fault %s: %w", i.Fault.Name, err)
}

// Event is the plan as the log keeps it.
func (p *Plan) Event() event.Planned {
	planned := event.Planned{TargetPods: p.Workload.Status.Desired, ReadyPods: p.Ready, Changes: []event.PlannedChange{}}
	for _, i := range p.Injections {
		if i.Number > 0 {
			planned.Changes = append(planned.Changes, event.PlannedChange{
				ID: i.ID(), Fault: i.Fault.Name, At: event.Instant(i.At), Verb: i.Fault.Kind,
				What: "the same fault again, on what is there then", Undo: "as above",
			})
		}
		for _, c := range i.Changes {
			planned.Changes = append(planned.Changes, event.PlannedChange{
				ID: c.ID, Fault: c.Fault, Object: c.Object.Event(), Verb: c.Verb(), What: c.What, Undo: c.Undo(),
				Reversible: c.Reversible() && !c.Lasting(), At: event.Instant(i.At),
			})
		}
	}
	return planned
}
