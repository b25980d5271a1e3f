package truth

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/pkg/report"
	"github.com/chaosctl/chaosctl/test/internal/binary"
)

// experiment is that of a column, at the rate of a row. The guard lets everything happen: how bad it gets is what is to be judged.
func (f *fault) experiment(w *weakness, namespace, node, zone string) string {
	yaml := strings.NewReplacer("NODE", node, "ZONE", zone).Replace(f.yaml)
	text := fmt.Sprintf(`apiVersion: chaosctl.dev/v1alpha1
kind: Experiment
metadata: {name: %s}
spec:
  promise: self-healing
  target: {namespace: %s, workload: %s}
  load:
  - name: browse
    http: {service: frontend, port: http, path: /, podHeader: X-Pod}
    rate: %s
    timeout: 2500ms
  steady: {for: %s}
  faults:
  - name: %s
    %s
  duration: %s
  recovery: {timeout: 45s, stableFor: 2s}
  expect:
  - availability: {of: browse, atLeast: %s}
  - outage: {of: browse, longest: %s}
  - recovery: {within: %s}
  - replicas: %s
`, f.name, namespace, cmp.Or(f.target, "deployment/frontend"), cmp.Or(w.rate, usualRate), cmp.Or(w.steady, usualSteady), f.name, yaml,
		cmp.Or(f.duration, "8s"), cmp.Or(f.availability, usualAvailability), cmp.Or(f.outage, usualOutage), cmp.Or(f.recovery, usualRecovery), cmp.Or(f.replicas, usualReplicas))
	if f.lasts != "" {
		text = strings.Replace(text, "  duration: ", "    for: "+f.lasts+"\n  duration: ", 1)
	}
	if f.expect != "" {
		text += "  - " + f.expect + "\n"
	}
	return text + "  guard: {maxAffected: 100%, maxAffectedOfNamespace: 100%, minReady: 0}\n"
}

// outcome is a result, and the directory in which it was found.
type outcome struct {
	report.Result
	dir string
}

// try runs the experiment of a cell on a shop that is well.
func (s *stand) try(t *testing.T, f *fault) outcome {
	t.Helper()
	node, zone := "", ""
	if f.nodes {
		node, zone = s.fullest(t)
	}
	path := filepath.Join(t.TempDir(), f.name+".yaml")
	require.NoError(t, os.WriteFile(path, []byte(f.experiment(s.weakness, s.namespace, node, zone)), 0o600))
	p := binary.Chaosctl{Kubeconfig: shared.Kubeconfig}.Start(t, "run", "-f", path)
	if f.live {
		s.touchUntil(t, p.Ended)
	}
	require.Contains(t, []int{report.ExitPass, report.ExitFail, report.ExitUnknown}, p.Exit(t))
	return outcome{p.Result(t), p.Dir(t)}
}

// inShort is the verdict, and the expectations that did not hold with what was seen.
func (o *outcome) inShort() string {
	text := string(o.Verdict)
	for _, e := range o.Expectations {
		if e.Verdict != report.Pass {
			text += fmt.Sprintf("; %s %s: %s", e.Kind, e.Verdict, e.Observed)
		}
	}
	if o.Verdict == report.Unknown {
		text += "; " + strings.Join(o.Reasons, "; ")
	}
	return text
}
