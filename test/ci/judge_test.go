package ci

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/internal/cli"
)

const (
	root     = "../.."
	examples = root + "/examples/ci"
)

// judge wants a run, then its recovery on the same experiments, and no call that the real program does not take.
func judge(t *testing.T, calls []call, story string) {
	t.Helper()
	var runs, recoveries [][]string
	var signals []string
	for _, c := range calls {
		switch {
		case c.Signal != "":
			assert.Empty(t, recoveries, "recover began while the run was going on")
			signals = append(signals, c.Signal)
		case c.Name == "chaosctl":
			understood(t, c.Args)
			switch c.Args[0] {
			case "run":
				assert.Empty(t, recoveries)
				runs = append(runs, c.Args)
			case "recover":
				require.NotEmpty(t, runs, "recover before a run")
				recoveries = append(recoveries, c.Args)
			}
		case c.Name == "lab":
			understoodByLab(t, c.Args)
		case c.Name == "go" && c.Args[0] == "install":
			path, _, found := strings.Cut(c.Args[len(c.Args)-1], "@")
			require.True(t, found, "go install in a module of another's needs a version")
			assert.DirExists(t, filepath.Join(root, strings.TrimPrefix(path, "github.com/chaosctl/chaosctl/")))
		case c.Name == "make":
			made(t, c.Args)
		}
	}
	require.Len(t, runs, 1)
	require.NotEmpty(t, recoveries)
	for _, r := range recoveries {
		assert.Equal(t, files(runs[0]), files(r))
	}
	assert.NotEmpty(t, files(runs[0]))
	if story == cancelled {
		assert.Len(t, signals, 1, "the run was not told that it is cancelled")
	} else {
		assert.Empty(t, signals)
	}
}

// files are the experiments that a call names.
func files(args []string) (all []string) {
	for i, arg := range args[:len(args)-1] {
		if arg == "-f" {
			all = append(all, args[i+1])
		}
	}
	return all
}

// understood wants chaosctl to know a command and its flags. With --help it reads them, and does nothing.
func understood(t *testing.T, args []string) {
	t.Helper()
	var problems bytes.Buffer
	err := cli.Run(t.Context(), append(slices.Clone(args), "--help"), cli.Streams{In: strings.NewReader(""), Out: &bytes.Buffer{}, Err: &problems})
	assert.NoError(t, err, "chaosctl %q", args)
}

// labFolder is where builtLab is, for TestMain to remove.
var labFolder string

// builtLab is the real command of the lab, made once.
var builtLab = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "lab-")
	if err != nil {
		return "", err
	}
	labFolder = dir
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	c := exec.CommandContext(ctx, "go", "build", "-o", filepath.Join(dir, "lab"), "./cmd/lab")
	c.Dir = filepath.Join(root, "lab")
	c.Stderr = os.Stderr
	return filepath.Join(dir, "lab"), c.Run()
})

// understoodByLab is understood, for the lab.
func understoodByLab(t *testing.T, args []string) {
	t.Helper()
	lab, err := builtLab()
	require.NoError(t, err)
	said, err := exec.CommandContext(t.Context(), lab, append(slices.Clone(args), "--help")...).CombinedOutput()
	assert.NoError(t, err, "lab %q: %s", args, said)
}

// made wants the Makefile to have the targets.
func made(t *testing.T, args []string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "Makefile"))
	require.NoError(t, err)
	for i, arg := range args {
		if arg != "-C" && (i == 0 || args[i-1] != "-C") {
			assert.Regexp(t, `(?m)^`+regexp.QuoteMeta(arg)+`:`, string(text))
		}
	}
}

// kept wants a pattern to name what a run has left.
func kept(t *testing.T, m *machine, pattern string) {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(m.workspace, pattern))
	require.NoError(t, err)
	assert.NotEmpty(t, found, "%s names nothing", pattern)
}
