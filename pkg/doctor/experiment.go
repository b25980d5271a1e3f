package doctor

import (
	"context"
	"errors"
	"fmt"

	"github.com/chaosctl/chaosctl/pkg/access"
	"github.com/chaosctl/chaosctl/pkg/cluster"
	"github.com/chaosctl/chaosctl/pkg/engine"
	"github.com/chaosctl/chaosctl/pkg/experiment"
)

// experiment makes the plan of a run, which finds most of what can be wrong, and looks at what the plan does not judge.
func (d *Doctor) experiment(ctx context.Context, e *experiment.Experiment) []Finding {
	findings := resolution(e)
	seed := int64(1)
	if e.Spec.Seed != nil {
		seed = *e.Spec.Seed
	}
	plan, err := engine.Prepare(ctx, d.Cluster, e, seed)
	var denied *access.Denied
	switch {
	case errors.As(err, &denied):
		findings = append(findings, permissions(denied.Answers)...)
	case err != nil:
		findings = append(findings, refused(err))
		// The refusal may be due to what else there is to say of the target; if it cannot be read, that is what was refused.
		if w, err := d.Cluster.Workload(ctx, e.Spec.Target); err == nil {
			findings = append(findings, replicas(w)...)
		}
	default:
		findings = append(findings, permissions(plan.Permissions)...)
		findings = append(findings, replicas(plan.Workload)...)
		findings = append(findings, impact(plan)...)
		findings = append(findings, d.answers(ctx, plan)...)
	}
	for i := range findings {
		findings[i].Message = e.Metadata.Name + ": " + findings[i].Message
	}
	return findings
}

// refused is the finding of an experiment that cannot be planned.
func refused(err error) Finding {
	f := Unreachable("plan", err)
	if f.Mend == "" {
		f.Mend = "change what is named here, in the experiment, by a flag (--target, -n, --url) or in the cluster; chaosctl plan tries again"
	}
	return f
}

func permissions(answers []access.Answer) []Finding {
	var findings []Finding
	for _, n := range access.Missing(answers) {
		findings = append(findings, Finding{
			Check: "permissions", Level: Problem, Message: fmt.Sprintf("may not %s (%s)", n, n.Why),
			Mend: "chaosctl rbac, with the same experiment, prints the role that allows it",
		})
	}
	if len(findings) == 0 {
		return []Finding{{Check: "permissions", Level: OK, Message: fmt.Sprintf("all %d are granted", len(answers))}}
	}
	return findings
}

func replicas(w *cluster.Workload) []Finding {
	if w.Status.Desired != 1 {
		return nil
	}
	return []Finding{{
		Check: "target", Level: Warning, Message: fmt.Sprintf("%s has one replica: whatever takes its pod away is an outage until the next one is ready", w),
		Mend: "run two replicas or more",
	}}
}

// impact judges what the plan found out about evictions.
func impact(p *engine.Plan) []Finding {
	findings := []Finding{{Check: "plan", Level: OK, Message: fmt.Sprintf("%d changes; %d of %d pods of the target are ready", len(p.Event().Changes), p.Ready, p.Workload.Status.Desired)}}
	for _, b := range p.Impact.Budgets {
		if b.Allowed == 0 {
			findings = append(findings, Finding{
				Check: "budgets", Level: Problem, Message: fmt.Sprintf("PodDisruptionBudget %s/%s allows no eviction now, and covers %d of the plan's", b.Namespace, b.Name, b.Evictions),
				Mend: "wait until all its pods are ready; if they are, it leaves no room: raise the replicas, or its maxUnavailable",
			})
		}
	}
	if r := p.Impact.Room; r != nil && r.Fit < r.Pods {
		findings = append(findings, Finding{
			Check: "room", Level: Warning, Message: fmt.Sprintf("%d of %d evicted pods fit on the other nodes, by what they request", r.Fit, r.Pods),
			Mend: "add nodes, or lower the requests",
		})
	}
	return findings
}
