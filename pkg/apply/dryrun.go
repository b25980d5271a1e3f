package apply

import (
	"context"
	"time"

	"github.com/chaosctl/chaosctl/pkg/cluster"
	"github.com/chaosctl/chaosctl/pkg/event"
	"github.com/chaosctl/chaosctl/pkg/inject"
)

// DryRun sends each change with dryRun=All: the server authorises, validates and admits it, and changes nothing. The
// answers come in the order of the changes; nil says that the server would do it.
func DryRun(ctx context.Context, c *cluster.Cluster, changes []inject.Change) []error {
	a := New(c, "dry-run", nil, silence{})
	a.DryRun()
	answers := make([]error, len(changes))
	for i := range changes {
		op, err := a.operation(&changes[i])
		if err == nil {
			_, err = op.send(ctx)
		}
		answers[i] = err
	}
	return answers
}

// AdmitAgent asks the server, with dryRun=All, whether it would let the agent of a change into its pod; nil says that it would.
func AdmitAgent(ctx context.Context, c *cluster.Cluster, change *inject.Change) error {
	a := New(c, "dry-run", nil, silence{})
	a.DryRun()
	ctx, cancel := context.WithTimeout(ctx, admitPatience)
	defer cancel()
	return inPod{a, change}.add(ctx)
}

// admitPatience is how long a question may wait out a server, or a webhook of its, that does not answer.
const admitPatience = 5 * time.Second

// silence records nothing: there is nothing that happened.
type silence struct{}

func (silence) Record(event.Payload) {}
