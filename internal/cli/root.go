package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/chaosctl/chaosctl/pkg/access"
	"github.com/chaosctl/chaosctl/pkg/engine"
	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/inject"
	"github.com/chaosctl/chaosctl/pkg/probe"
	"github.com/chaosctl/chaosctl/pkg/report"
	"github.com/chaosctl/chaosctl/pkg/target"
	"github.com/chaosctl/chaosctl/pkg/trust"
	"github.com/chaosctl/chaosctl/pkg/verdict"
)

// Streams are what joins a process to the world: its standard streams and the like, or a test's.
type Streams struct {
	In  io.Reader
	Out io.Writer
	Err io.Writer
	// Program is what the process was called as, argv[0]: as kubectl-chaosctl, it is a plugin of kubectl.
	Program string
	// Leave is closed when an undo is not to wait any more; nil is never.
	Leave <-chan struct{}
	// Env reads the environment; nil is the process's.
	Env func(string) string
	// Transport is around every request to a cluster; nil for none.
	Transport func(http.RoundTripper) http.RoundTripper
}

// Run carries out one command line; args leaves out the program's name. The error, if any, is to be given to [Explain].
func Run(ctx context.Context, args []string, streams Streams) error {
	app := &app{Streams: streams, kube: newKubeFlags(), args: args}
	root := app.root()
	root.SetArgs(args)
	root.SetIn(streams.In)
	root.SetOut(streams.Out)
	root.SetErr(streams.Err)
	err := root.ExecuteContext(ctx)
	app.tellActionsError(err)
	return err
}

// app is what all commands of one call share.
type app struct {
	Streams
	kube *kubeFlags
	args []string
	// undoTimeout is how long an undo may wait for the API server.
	undoTimeout time.Duration
	// runs is the directory of the runs of this machine.
	runs string
}

// env reads the environment.
func (a *app) env(key string) string {
	if a.Env == nil {
		return os.Getenv(key)
	}
	return a.Env(key)
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "chaosctl",
		Short: "Prove that Kubernetes keeps its promises to a workload while it is being broken",
		Long: `chaosctl breaks a workload on purpose, under load, measures what its clients see, judges that against what
you expect, and puts everything back. It needs nothing installed in the cluster.`,
		SilenceUsage:  true,
		SilenceErrors: true,
		Annotations:   map[string]string{cobra.CommandDisplayNameAnnotation: displayName(a.Program)},
	}
	a.kube.addTo(root.PersistentFlags())
	shorten(root.PersistentFlags())
	root.SetUsageFunc(a.usageOf)
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usage(err) })
	root.AddCommand(a.init(), a.run(), a.plan(), a.validate(), a.report(), a.compare(), a.history(), a.trend(), a.serve(), a.schedule(), a.list(), a.explain(), a.schema(), a.rbac(), a.doctor(), a.recover(), a.status(), a.stop(), a.allow(), a.approve(), a.deadMan(), a.agent(), a.version())
	root.PersistentPreRun = func(*cobra.Command, []string) { trust.Public() }
	a.complete(root)
	return root
}

// loader knows all faults, probes, expectations and abort conditions.
func loader() experiment.Loader {
	return experiment.Loader{Catalogue: experiment.Catalogue{
		Faults: inject.Kinds(), Probes: probe.Kinds(), Expectations: verdict.Expectations(), Aborts: verdict.Aborts(),
	}}
}

// ExitError is an error with the exit code that belongs to it, and a hint what to do.
type ExitError struct {
	Code int
	Err  error
	Hint string
	// Shown says that the command has told the user already.
	Shown bool
}

func (e *ExitError) Error() string { return e.Err.Error() }

func (e *ExitError) Unwrap() error { return e.Err }

// usage marks an error as one of the user's input.
func usage(err error) error { return &ExitError{Code: report.ExitInvalid, Err: err} }

// Explain writes an error for people, and gives the exit code that belongs to it; 0 for no error.
func Explain(w io.Writer, err error) int {
	if err == nil {
		return report.ExitPass
	}
	var exit *ExitError
	var problems experiment.Problems
	var refusal *target.Refusal
	var denied *access.Denied
	var marked *engine.Marked
	code, hint := report.ExitInternal, ""
	connectionCode, connectionHint, connection := connectionProblem(err)
	switch {
	case errors.As(err, &exit):
		code, hint = exit.Code, exit.Hint
		if exit.Shown {
			return code
		}
	case errors.As(err, &problems):
		code = report.ExitInvalid
	case errors.As(err, &refusal):
		code, hint = report.ExitRefused, "nothing was changed"
	case errors.As(err, &marked):
		code, hint = report.ExitRefused, fmt.Sprintf("nothing was changed; if that run is over, `chaosctl recover %s` puts it back", marked.Run)
	case errors.As(err, &denied):
		code, hint = report.ExitRefused, "nothing was changed; chaosctl rbac, with the same experiment, prints what is needed"
	case connection:
		code, hint = connectionCode, connectionHint
	case isUsage(err):
		code, hint = report.ExitInvalid, "see chaosctl --help"
	}
	writeError(w, err, hint)
	return code
}
