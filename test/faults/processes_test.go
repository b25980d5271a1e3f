package faults

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/test/internal/binary"
)

// inProcesses are the faults that an agent makes in the processes of a pod. Those of the stage are called app, as are the lab's pauses, and
// have a handler for term.
func inProcesses() []faultCase {
	image := "image: '" + agentImage + "'"
	return []faultCase{
		{fault: "podFreeze", duration: settling, yaml: "- podFreeze: {" + image + "}", inForce: hung(1), build: oneNamespace, after: agentsStopped(1)},
		{fault: "processSignal", duration: settling, yaml: "- processSignal: {process: app, " + image + "}", inForce: hung(1), build: oneNamespace, after: agentsStopped(1)},
		{
			fault: "processSignal", name: "where the strictest standard is enforced", duration: settling, yaml: "- processSignal: {process: app, count: all, " + image + "}", inForce: hung(replicas),
			build: func(o *objects) { oneNamespace(o); restricted(o) }, after: agentsStopped(replicas),
		},
		{fault: "processSignal", name: "that lasts", duration: settling, yaml: "- processSignal: {process: app, signal: term, " + image + "}", inForce: restarted(1), lasts: true},
		{fault: "containerKill", duration: settling, yaml: "- containerKill: {" + image + "}", inForce: restarted(1), lasts: true},
		{fault: "containerKill", name: "by kill", duration: settling, yaml: "- containerKill: {signal: kill, " + image + "}", inForce: restarted(1), lasts: true, build: oneNamespace},
	}
}

// settling is a window in which an agent comes up, does its work and says so, six of them at once on a busy machine.
const settling = 30 * time.Second

// oneNamespace has the containers of each pod share one process namespace.
func oneNamespace(o *objects) { o.deployment.Spec.Template.Spec.ShareProcessNamespace = new(true) }

// apps are the processes of the stage's program, with what the machine says of their state.
func (s *stage) apps() (map[process]string, error) {
	all, err := s.processes()
	if err != nil {
		return nil, err
	}
	found := map[process]string{}
	for _, p := range all {
		text, err := p.read("stat")
		if err != nil || !strings.Contains(text, "(app) ") {
			continue // another one, or it has ended meanwhile
		}
		found[p] = strings.Fields(text[strings.LastIndexByte(text, ')')+1:])[0]
	}
	return found, nil
}

// hung wants that many processes to be stopped, and their pods not to answer.
func hung(want int) func(context.Context, *stage) error {
	return func(ctx context.Context, s *stage) error {
		apps, err := s.apps()
		if err != nil {
			return err
		}
		stopped := 0
		for p, state := range apps {
			if state != "T" {
				continue
			}
			stopped++
			for i := range s.pods {
				if s.pods[i].Name != p.pod {
					continue
				}
				if _, err := get(ctx, &s.pods[i], "/readyz"); err == nil {
					return fmt.Errorf("%s answers", p.pod)
				}
			}
		}
		if stopped != want {
			return fmt.Errorf("%d processes of %d are stopped, not %d", stopped, len(apps), want)
		}
		return nil
	}
}

// restarted wants a container of that many pods of before to have been restarted in place.
func restarted(want int) func(context.Context, *stage) error {
	return func(ctx context.Context, s *stage) error {
		fresh, lost, err := s.fresh(ctx)
		if err != nil {
			return err
		}
		if lost > 0 || len(fresh) > 0 {
			return fmt.Errorf("%d pods are gone, and %d new", lost, len(fresh))
		}
		now, err := s.live(ctx)
		if err != nil {
			return err
		}
		restarts := 0
		for i := range now {
			for _, c := range now[i].Status.ContainerStatuses {
				restarts += int(c.RestartCount)
			}
		}
		if restarts != want {
			return fmt.Errorf("%d containers were restarted, not %d", restarts, want)
		}
		return nil
	}
}

// TestStoppedProcessesOutliveTheirAgent: an agent that is killed leaves nothing stopped.
func TestStoppedProcessesOutliveTheirAgent(t *testing.T) {
	onlyWithAll(t)
	c := &faultCase{fault: "podFreeze", duration: settling, yaml: "- podFreeze: {image: '" + agentImage + "'}", build: oneNamespace}
	s := newStage(t, c)
	p := binary.Chaosctl{Kubeconfig: shared.Kubeconfig}.Start(t, "run", "-f", s.file(t, c.experiment(s)))
	c.inForce = hung(1)
	c.await(t, s, p)
	all, err := s.processes()
	require.NoError(t, err)
	killed := 0
	for _, one := range all {
		command, err := one.read("cmdline")
		if err == nil && strings.Contains(command, "\x00agent\x00") && strings.Contains(command, "\x00signal\x00") {
			id, err := strconv.Atoi(filepath.Base(one.directory))
			require.NoError(t, err)
			require.NoError(t, syscall.Kill(id, syscall.SIGKILL))
			killed++
		}
	}
	require.Equal(t, 1, killed)
	eventually(t, "the processes go on", func() error {
		apps, err := s.apps()
		if err == nil && len(apps) < replicas {
			err = fmt.Errorf("there are only %d", len(apps))
		}
		for one, state := range apps {
			if state == "T" {
				err = errors.Join(err, fmt.Errorf("%s is stopped", one.directory))
			}
		}
		return err
	})
	select {
	case <-p.Ended:
		t.Error("the run had ended before: what was seen may have been its undo")
	default:
	}
	p.Exit(t)
	text, err := os.ReadFile(filepath.Join(p.Dir(t), "events.jsonl"))
	require.NoError(t, err)
	assert.Contains(t, string(text), "exit code 137", "that the fault did not last is told")
	s.settle(t)
}
