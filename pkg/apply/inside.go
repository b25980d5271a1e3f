package apply

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/rand"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/chaosctl/chaosctl/pkg/agent"
)

// lookouts are the agents of the fault that tell what is reached from inside of their pods.
func (n creation) lookouts() []inPod {
	n.a.mu.Lock()
	defer n.a.mu.Unlock()
	var all []inPod
	for _, c := range n.a.reversible {
		if c.Agent != nil && c.Agent.Looks && c.Fault == n.c.Fault {
			all = append(all, inPod{n.a, c})
		}
	}
	return all
}

// reachedBefore waits until each lookout reaches something, or has had the time to, and says what they reach.
func (n creation) reachedBefore(ctx context.Context) []string {
	var open []string
	_ = wait.PollUntilContextTimeout(ctx, agentLook, sendPatience, true, func(ctx context.Context) (bool, error) {
		open = nil
		all := true
		for _, l := range n.lookouts() {
			seen, err := l.look(ctx)
			all = all && err == nil && len(seen) > 0
			open = append(open, seen...)
		}
		return all, nil
	})
	return open
}

// cutsOffInside says what is still reached from inside of pods. What none reached before tells nothing.
func (n creation) cutsOffInside(ctx context.Context, before []string) error {
	if len(before) == 0 {
		return errors.New("nothing was reached from inside of the target's pods before either, so that it cannot be seen whether the cluster's network enforces policies: name what they can connect to by to")
	}
	var still []string
	for _, l := range n.lookouts() {
		seen, err := l.look(ctx)
		if err != nil {
			return err
		}
		still = append(still, seen...)
	}
	still = slices.DeleteFunc(still, func(one string) bool { return !slices.Contains(before, one) })
	if len(still) > 0 {
		return fmt.Errorf("%s: it seems that the cluster's network does not enforce policies for egress", strings.Join(still, ", "))
	}
	return ctx.Err() // one that was given up tells nothing
}

// look asks the agent what it reaches, and waits a little for the answer.
func (p inPod) look(ctx context.Context) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, stopPatience)
	defer cancel()
	question := rand.String(8)
	input, ask := io.Pipe() // open until it has answered: a session ends with its input
	output, said := io.Pipe()
	attached := make(chan error, 1)
	go func() {
		err := p.a.cluster.Attach(ctx, p.c.Object.Namespace, p.c.Object.Name, p.container(), input, said)
		attached <- err
		_ = ask.Close()
		_ = said.Close()
	}()
	go func() { _, _ = io.WriteString(ask, agent.Look+" "+question+"\n") }() // that nobody reads it is told by the session
	lines := bufio.NewScanner(output)
	for lines.Scan() {
		seen, ok := agent.SeenIn(lines.Text(), question)
		if !ok {
			continue
		}
		_ = ask.Close()
		_, _ = io.Copy(io.Discard, output) // to the end of the session
		for i := range seen {
			seen[i] = "pod " + p.c.Object.Name + " still reaches " + seen[i]
		}
		return seen, nil
	}
	_ = ask.Close()
	return nil, fmt.Errorf("the agent in pod %s does not say what it reaches: %w", p.c.Object.Name, cmp.Or(<-attached, ctx.Err(), io.ErrUnexpectedEOF))
}
