package pages

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/pkg/report"
	"github.com/chaosctl/chaosctl/test/internal/binary"
)

// oddName is what a directory can be called, too; crowd is the run that is too large for its page.
const (
	oddName = "?<b>#%20&\"'"
	crowd   = "crowd"
)

// makePages has chaosctl make pages of every kind, and returns their paths by what they show.
func makePages(t *testing.T) map[string]string {
	t.Helper()
	dir := t.TempDir()
	pages := map[string]string{}
	all := filepath.Join(dir, "runs")
	for name, story := range stories {
		run := filepath.Join(all, name)
		story(t, run)
		chaosctl(t, "report", run)
		pages["run-"+name[len("20261123-132004-"):len(name)-len("-a1b2")]] = filepath.Join(run, "report.html")
	}
	chaosctl(t, "report", all)
	pages["index"] = filepath.Join(all, report.IndexFile)

	odd := filepath.Join(dir, "odd")
	for name, story := range map[string]func(*testing.T, string){"hostile": attacked, crowd: crowded} {
		run := filepath.Join(odd, name+oddName)
		story(t, run)
		chaosctl(t, "report", run)
		pages["run-"+name] = filepath.Join(run, "report.html")
	}
	chaosctl(t, "report", odd)
	pages["index-hostile"] = filepath.Join(odd, report.IndexFile)

	repeats(t, filepath.Join(dir, "base"), 1)
	repeats(t, filepath.Join(dir, "same"), 1)
	repeats(t, filepath.Join(dir, "slow"), 2)
	compare := func(name string, args ...string) {
		pages["comparison-"+name] = filepath.Join(dir, name+".html")
		chaosctl(t, append([]string{"compare", "--html", pages["comparison-"+name]}, args...)...)
	}
	compare("pass", filepath.Join(dir, "base"), filepath.Join(dir, "same"))
	compare("fail", filepath.Join(dir, "base"), filepath.Join(dir, "slow"))
	compare("unknown", filepath.Join(dir, "base", "base-0"), filepath.Join(dir, "slow", "slow-0"), "--gate", "recovery=+20%,outage=+500ms")
	compare("hostile", filepath.Join(odd, "hostile"+oddName), filepath.Join(odd, crowd+oddName))
	return pages
}

// repeats are five runs of one experiment, which differ a little.
func repeats(t *testing.T, dir string, slower float64) {
	t.Helper()
	for i := range 5 {
		run := filepath.Join(dir, fmt.Sprintf("%s-%d", filepath.Base(dir), i))
		passed(t, run, slower+0.02*float64(i))
		chaosctl(t, "report", run)
	}
}

// chaosctl runs the binary. The code that it ends with is the outcome of what it shows; that it shows something is for the reader
// of the page to say.
func chaosctl(t *testing.T, args ...string) {
	t.Helper()
	command := exec.CommandContext(t.Context(), binary.Path("chaosctl"), args...)
	output, err := command.CombinedOutput()
	switch code := command.ProcessState.ExitCode(); code {
	case report.ExitInvalid, report.ExitInternal, -1:
		require.NoError(t, err, "chaosctl %q: %s", args, output)
	}
}
