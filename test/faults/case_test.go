package faults

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/pkg/report"
	"github.com/chaosctl/chaosctl/test/internal/binary"
	"github.com/chaosctl/chaosctl/test/internal/snapshot"
)

// faultCase is a fault on a stage. Most need no more than fault, yaml and inForce.
type faultCase struct {
	// fault is its name in the registry, and name tells several cases of one fault apart.
	fault, name string
	// yaml are the entries of spec.faults. NODE stands for the node of the first pod, and ZONE for its zone; SCRATCH
	// for a directory of this machine.
	yaml string
	// inForce asks the API, or sends requests, and says what of the effect is not there; nil when all of it is. It is
	// asked before the run, when it must say something, and over and over until that comes to an end.
	inForce func(context.Context, *stage) error
	// lasts says that inForce goes on holding after the undo, as with a pod that is gone.
	lasts bool
	// after looks at what the snapshot does not: a snapshot leaves out what controllers make.
	after func(*testing.T, *stage)

	// build changes what the stage consists of, before that is created.
	build func(*objects)
	// beside begins something that goes on beside the run, and ends with the test.
	beside func(*testing.T, *stage)
	// moving are objects that this changes all the time, as a snapshot names them; they are not compared.
	moving []string
	// reborn are objects that the undo makes anew, as a snapshot names them: all but their UIDs is compared.
	reborn []string
	// alone says that the case changes nodes, or looks at all namespaces, so that no other may run beside it.
	alone bool
	// duration is that of the fault window; 8 seconds unless it is given, and 20 with an agent, whose container has to start.
	duration time.Duration
	// spec are more lines of the experiment's spec, such as a load.
	spec string
}

func (c *faultCase) String() string {
	if c.name == "" {
		return c.fault
	}
	return c.fault + ", " + c.name
}

// experiment passes where the workload comes back with all of its pods.
func (c *faultCase) experiment(s *stage) string {
	duration := c.duration
	if duration == 0 {
		duration = 8 * time.Second
		if strings.Contains(c.yaml, agentImage) {
			duration = 20 * time.Second
		}
	}
	kind, _, _ := strings.Cut(s.target(), "/")
	yaml := strings.NewReplacer("NODE", s.pods[0].Spec.NodeName, "ZONE", s.zone, "SCRATCH", s.scratch).Replace(strings.TrimSpace(c.yaml))
	return fmt.Sprintf(`apiVersion: chaosctl.dev/v1alpha1
kind: Experiment
metadata: {name: fault}
spec:
  promise: self-healing
  target: {namespace: %s, workload: %s}
  guard: {maxAffected: 100%%, maxAffectedOfNamespace: 100%%, minReady: 0}
  steady: {for: 1s}
  duration: %s
  recovery: {timeout: 2m, stableFor: 1s}
  expect:
  - cel: after.%s.status.readyReplicas == before.%s.status.readyReplicas
  faults:
  %s
%s`, s.namespace, s.target(), duration, kind, kind, strings.ReplaceAll(yaml, "\n", "\n  "), c.spec)
}

// run carries the case out, and returns how long each part of it took.
func (c *faultCase) run(t *testing.T) (took times) {
	t.Helper()
	clock := time.Now()
	lap := func() time.Duration {
		defer func() { clock = time.Now() }()
		return time.Since(clock)
	}
	s := newStage(t, c)
	if c.beside != nil {
		c.beside(t, s)
	}
	before := c.look(t, s)
	require.Empty(t, before.Marks)
	require.Error(t, c.inForce(t.Context(), s), "the effect is there before the fault, so that seeing it would prove nothing")
	took.set = lap()

	path := s.file(t, c.experiment(s))
	began := time.Now()
	p := binary.Chaosctl{Kubeconfig: shared.Kubeconfig}.Start(t, "run", "-f", path)
	took.seen = c.await(t, s, p)
	code := p.Exit(t)
	took.run = time.Since(began)
	require.Zero(t, code, "the run did not pass")
	assert.Equal(t, report.UndoClean, p.Result(t).Undo)

	lap()
	s.settle(t)
	if !c.lasts {
		assert.Error(t, c.inForce(t.Context(), s), "the effect is still there after the undo")
	}
	after := c.look(t, s)
	for began := time.Now(); after.Behind() && time.Since(began) < binary.LongestRun; after = c.look(t, s) {
	}
	for _, name := range c.reborn {
		require.Contains(t, after.Objects, name)
		assert.NotEqual(t, before.Objects[name].GetUID(), after.Objects[name].GetUID(), "%s was never gone", name)
		before.Objects[name].SetUID(after.Objects[name].GetUID())
	}
	assert.Empty(t, snapshot.Differences(before.Objects, after.Objects))
	assert.Empty(t, after.Left(p.Stderr.String()+p.Stdout.String()))
	if c.after != nil {
		c.after(t, s)
	}
	took.settled = lap()
	return took
}

// await returns how long after the start of the run the effect was seen.
func (c *faultCase) await(t *testing.T, s *stage, p *binary.Process) time.Duration {
	t.Helper()
	began := time.Now()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		missing := c.inForce(t.Context(), s)
		if missing == nil {
			return time.Since(began)
		}
		select {
		case <-tick.C:
		case <-p.Ended:
			require.NoError(t, missing, "the effect was not seen as long as the run went on")
		}
	}
}

// look takes a snapshot of what is compared.
func (c *faultCase) look(t *testing.T, s *stage) *snapshot.Snapshot {
	t.Helper()
	found := s.look(t)
	for _, name := range c.moving {
		require.Contains(t, found.Objects, name)
		delete(found.Objects, name)
	}
	return found
}
