package agent_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/pkg/agent"
)

// waiting is a task that waits for its end.
type waiting struct{ err error }

func (w waiting) Run(ctx context.Context, started func()) (string, error) {
	if w.err != nil {
		return "", w.err
	}
	started()
	<-ctx.Done()
	return "waited", nil
}

func terms(d time.Duration) agent.Terms {
	return agent.Terms{For: d, Until: time.Now().Add(time.Hour)}
}

func TestAgentEnds(t *testing.T) {
	run := func(task agent.Task, terms agent.Terms, in string) (r agent.Report, said string, took time.Duration) {
		synctest.Test(t, func(t *testing.T) {
			var out bytes.Buffer
			began := time.Now()
			r = agent.Run(t.Context(), task, terms, strings.NewReader(in), &out)
			said, took = out.String(), time.Since(began)
		})
		return r, said, took
	}
	t.Run("at its deadline, when nobody is left", func(t *testing.T) {
		r, said, took := run(waiting{}, terms(30*time.Second), "")
		assert.Equal(t, agent.Report{End: agent.Expired, Did: "waited"}, r)
		assert.Equal(t, "started\n", said)
		assert.Equal(t, 30*time.Second, took)
	})
	t.Run("when it is told to, by that word alone", func(t *testing.T) {
		r, _, took := run(waiting{}, terms(30*time.Second), "go on\nstop\n")
		assert.Equal(t, agent.Stopped, r.End)
		assert.Zero(t, took)
		r, _, _ = run(waiting{}, terms(30*time.Second), "go on\n")
		assert.Equal(t, agent.Expired, r.End)
	})
	t.Run("by a failure", func(t *testing.T) {
		r, said, _ := run(waiting{errors.New("no such thing")}, terms(30*time.Second), "")
		assert.Equal(t, agent.Report{End: agent.Failed, Error: "no such thing"}, r)
		assert.Empty(t, said)
	})
}

func TestAgentThatComesTooLate(t *testing.T) {
	r := agent.Run(t.Context(), waiting{}, agent.Terms{For: time.Minute, Until: time.Now().Add(-time.Second)}, strings.NewReader(""), io.Discard)
	assert.Equal(t, agent.TooLate, r.End)
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		r := agent.Run(t.Context(), waiting{}, agent.Terms{For: time.Minute, Until: time.Now().Add(time.Second)}, strings.NewReader(""), io.Discard)
		assert.Equal(t, agent.Expired, r.End)
		assert.Equal(t, time.Second, time.Since(began), "what comes first")
	})
}

func TestReport(t *testing.T) {
	path := filepath.Join(t.TempDir(), "report")
	r := agent.Report{End: agent.Stopped, Did: "held 3 MiB"}
	var out bytes.Buffer
	require.NoError(t, r.Leave(path, &out), "without a kubelet there is no such file")
	assert.NoFileExists(t, path)
	require.NoError(t, os.WriteFile(path, nil, 0o600))
	require.NoError(t, r.Leave(path, &out))
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, r, agent.ReadReport(string(text)))
	assert.Equal(t, "stopped: held 3 MiB", r.String())
	assert.Equal(t, agent.Report{End: agent.Failed, Error: "exec: no such file"}, agent.ReadReport("exec: no such file\n"))
	assert.Equal(t, agent.Failed, agent.ReadReport("{}").End)
}

func TestTasks(t *testing.T) {
	for name, task := range map[string]agent.Task{
		"cpu": agent.CPU{Workers: 2, Load: 50}, "memory": agent.Memory{Bytes: 3<<20 + 1},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			started := 0
			did, err := task.Run(ctx, func() { started++; cancel() })
			require.NoError(t, err)
			assert.Equal(t, 1, started)
			assert.NotEmpty(t, did)
		})
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := agent.Memory{Bytes: 1 << 40}.Run(ended, func() { t.Error("it was told to end before it had all") })
	require.NoError(t, err)
}
