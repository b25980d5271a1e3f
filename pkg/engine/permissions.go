package engine

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/chaosctl/chaosctl/pkg/access"
	"github.com/chaosctl/chaosctl/pkg/cluster"
	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/journal"
	"github.com/chaosctl/chaosctl/pkg/lock"
)

// permitted refuses, with [access.Denied], an experiment that its user may not run, before anything of it is read: what
// would be forbidden half-way is named at once, and all of it.
func permitted(ctx context.Context, c *cluster.Cluster, e *experiment.Experiment) ([]access.Answer, error) {
	if _, err := c.Contact(ctx); err != nil {
		return nil, err
	}
	answers, err := review(ctx, c, access.Sure(access.Of(e, c.Objects(e.Spec.Target.Namespace))))
	if err != nil {
		return nil, err
	}
	return answers, denied(answers)
}

// permitChanges asks for what only the plan shows: the objects that will be changed.
func (p *Plan) permitChanges(ctx context.Context) error {
	var needs []access.Need
	for _, i := range p.Injections {
		for n := range i.Changes {
			needs = append(needs, i.Changes[n].Needs()...)
		}
	}
	needs = append(needs, p.journalNeeds()...)
	answers, err := review(ctx, p.connection, access.Beyond(needs, p.Needs()))
	if err != nil {
		return err
	}
	p.Permissions = append(p.Permissions, answers...)
	return denied(p.Permissions)
}

// journalNeeds are those of the further Secrets of a journal that does not fit into one.
func (p *Plan) journalNeeds() []access.Need {
	size := 0
	for _, i := range p.Injections {
		for n := range i.Changes {
			if text, err := json.Marshal(i.Changes[n]); err == nil {
				size += len(text) // at the most: what is stored is compressed
			}
		}
	}
	spec := p.Experiment.Spec
	var needs []access.Need
	for chunk := 2; chunk <= 1+size/journal.SecretBudget; chunk++ {
		secret := access.Object{Resource: "secrets", Namespace: spec.JournalNamespace(), Name: journal.ChunkName(lock.ScopeOf(spec.Target).JournalName(), chunk)}
		needs = append(needs, access.Needs("record what will be changed, where that is more than one Secret holds", secret, "get", "patch", "delete")...)
	}
	return needs
}

func review(ctx context.Context, c *cluster.Cluster, needs []access.Need) ([]access.Answer, error) {
	answers, err := access.Review(ctx, c.Client.AuthorizationV1().SelfSubjectAccessReviews(), needs)
	if err != nil {
		return nil, fmt.Errorf("the API server does not say what is permitted: %w", err)
	}
	return answers, nil
}

func denied(answers []access.Answer) error {
	if len(access.Missing(answers)) == 0 {
		return nil
	}
	return &access.Denied{Answers: answers}
}

// Needs lists the requests that the plan will send, each with its reason.
func (p *Plan) Needs() []access.Need {
	var needs []access.Need
	for _, a := range p.Permissions {
		needs = append(needs, a.Need)
	}
	return needs
}
