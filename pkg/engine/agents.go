package engine

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/chaosctl/chaosctl/pkg/apply"
	"github.com/chaosctl/chaosctl/pkg/inject"
	"github.com/chaosctl/chaosctl/pkg/target"
)

// plannedAgent is a change that runs an agent in a pod.
type plannedAgent struct {
	*inject.Change
	of *Injection
}

func (a *plannedAgent) refuse(format string, args ...any) error {
	return inFault(a.of, &target.Refusal{Reason: fmt.Sprintf(format, args...)})
}

// agents refuses a plan whose agents would not come to run, as far as that can be known: otherwise it is found out in the middle of
// the run, after a minute of waiting.
func (p *Plan) agents(ctx context.Context) error {
	var all []plannedAgent
	for n := range p.Injections {
		i := &p.Injections[n]
		for m := range i.Changes {
			if i.Changes[m].Agent != nil {
				all = append(all, plannedAgent{&i.Changes[m], i})
			}
		}
	}
	if err := p.admitted(ctx, all); err != nil {
		return err
	}
	return p.pulled(ctx, all)
}

// admitted asks the server whether it lets the agents into their pods, by a dry run, which changes nothing. Of agents with the same
// needs in pods with the same owner, one stands for all.
func (p *Plan) admitted(ctx context.Context, all []plannedAgent) error {
	var asked []string
	for n := range all {
		a := &all[n]
		alike, err := json.Marshal([]any{a.Agent.Image, a.Agent.Needs, cmp.Or(a.Object.Owner, string(a.Object.UID))})
		if err != nil {
			return err
		}
		if slices.Contains(asked, string(alike)) {
			continue
		}
		asked = append(asked, string(alike))
		if err := p.admits(ctx, a); err != nil {
			return err
		}
	}
	return nil
}

// admits asks about one.
func (p *Plan) admits(ctx context.Context, a *plannedAgent) error {
	err := apply.AdmitAgent(ctx, p.connection, a.Change)
	var answer apierrors.APIStatus
	switch {
	case err == nil, apierrors.IsNotFound(err): // a pod that is gone is not among those that are chosen when the time comes
		return nil
	case !errors.As(err, &answer) || !slices.Contains(denials, answer.Status().Code):
		return inFault(a.of, fmt.Errorf("the API server does not say whether it lets the agent into pod %s: %w", a.Object.Name, err))
	case strings.Contains(err.Error(), "does not support dry run"):
		p.Impact.Unknown = append(p.Impact.Unknown, fmt.Sprintf("whether the agent is let into pod %s: %v", a.Object.Name, err))
		return nil
	}
	mend := ""
	if standard := a.Agent.Needs.Standard(); standard != inject.Restricted && strings.Contains(err.Error(), "violates PodSecurity") {
		mend = fmt.Sprintf("; the strictest of the Pod Security Standards that lets it in is %s: kubectl label namespace %s --overwrite pod-security.kubernetes.io/enforce=%s allows it",
			standard, a.Object.Namespace, standard)
	}
	return a.refuse("the cluster does not let the agent into pod %s: %v%s", a.Object.Name, err, mend)
}

// denials are the codes by which a server, or somebody whom it asks, says no. A webhook that has none of its own says BadRequest.
var denials = []int32{http.StatusBadRequest, http.StatusForbidden, http.StatusUnprocessableEntity}
