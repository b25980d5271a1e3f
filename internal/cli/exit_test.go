package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"testing"

	"github.com/stretchr/testify/assert"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/report"
	"github.com/chaosctl/chaosctl/pkg/target"
)

func TestExplain(t *testing.T) {
	problems := experiment.Problems{{File: "f.yaml", Line: 3, Column: 5, Path: "spec.seed", Message: "wrong"}, {Message: "also wrong"}}
	for name, c := range map[string]struct {
		err  error
		code int
		want string
	}{
		"nothing":          {nil, report.ExitPass, ""},
		"problems":         {problems, report.ExitInvalid, "error: f.yaml:3:5: spec.seed: wrong\nerror: also wrong\n"},
		"wrapped problems": {fmt.Errorf("x: %w", problems), report.ExitInvalid, "error: f.yaml:3:5: spec.seed: wrong\nerror: also wrong\n"},
		"a refusal":        {fmt.Errorf("kill: %w", &target.Refusal{Reason: "too many"}), report.ExitRefused, "error: kill: too many\nhint: nothing was changed\n"},
		"usage":            {usage(errors.New("no file")), report.ExitInvalid, "error: no file\n"},
		"with a hint":      {&ExitError{Code: 5, Err: errors.New("no"), Hint: "do this"}, 5, "error: no\nhint: do this\n"},
		"told already":     {exitWith(report.ExitFail), report.ExitFail, ""},
		"passed":           {exitWith(report.ExitPass), report.ExitPass, ""},
		"no such file":     {&fs.PathError{Op: "open", Path: "x.yaml", Err: fs.ErrNotExist}, report.ExitInvalid, "error: open x.yaml: file does not exist\nhint: see chaosctl --help\n"},
		"unknown command":  {errors.New(`unknown command "rnu" for "chaosctl"`), report.ExitInvalid, "error: unknown command \"rnu\" for \"chaosctl\"\nhint: see chaosctl --help\n"},
		"forbidden":        {apierrors.NewForbidden(schema.GroupResource{Resource: "pods"}, "p", errors.New("no")), report.ExitRefused, ""},
		"interrupted":      {fmt.Errorf("pod-kill: %w", context.Canceled), report.ExitInterrupted, "error: pod-kill: context canceled\nhint: nothing was changed\n"},
		"anything else":    {errors.New("a bug"), report.ExitInternal, "error: a bug\n"},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			assert.Equal(t, c.code, Explain(&out, c.err))
			if c.want != "" || c.err == nil {
				assert.Equal(t, c.want, out.String())
			}
		})
	}
}

func TestWorseCode(t *testing.T) {
	for i, a := range byWeight {
		for k, b := range byWeight {
			assert.Equal(t, byWeight[max(i, k)], worseCode(a, b))
		}
	}
	// Every code has its place, and what is left behind comes before all.
	assert.ElementsMatch(t, []int{0, 1, 2, 3, 4, 5, 6, 70, 130}, byWeight)
	assert.Equal(t, report.ExitUndoIncomplete, worseCode(report.ExitUndoIncomplete, report.ExitRefused))
	assert.Equal(t, report.ExitFail, worseCode(report.ExitFail, report.ExitUnknown))
}

func TestCommandLine(t *testing.T) {
	for want, args := range map[string][]string{
		"chaosctl run pod-kill -n shop --url https://shop.example/": {"run", "pod-kill", "-n", "shop", "--url", "https://shop.example/"},
		"chaosctl run -f 'my file.yaml' ''":                         {"run", "-f", "my file.yaml", ""},
		`chaosctl run -f 'it'\''s $HOME'`:                           {"run", "-f", "it's $HOME"},
		"chaosctl run --token REDACTED --token=REDACTED -n shop":    {"run", "--token", "s3cret", "--token=s3cret", "-n", "shop"},
		"chaosctl run --token REDACTED":                             {"run", "--token", "--token"},
	} {
		assert.Equal(t, want, commandLine(args))
	}
}
