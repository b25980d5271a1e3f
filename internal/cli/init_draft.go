package cli

import (
	"fmt"
	"io"
	"math"
	"strings"
	"text/template"
	"time"

	_ "embed"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"

	"github.com/chaosctl/chaosctl/pkg/cluster"
)

//go:embed init.yaml.tmpl
var draftText string

// draft is what the template of an experiment is filled with.
type draft struct {
	// Program and File are how the user calls chaosctl, and the file.
	Program, File           string
	Name, Namespace, Target string
	Desired, Ready          int
	// Replicas is the number of pods that must be ready in the end, and why it is that.
	Replicas    int
	ReplicasWhy string
	// Load is the stream of requests; where it is not Found, it is written as a comment.
	Load draftLoad
	// Guard is as narrow as the loss of one pod allows.
	MaxAffected string
	MinReady    int
	GuardWhy    string
	// Within is how long the replacement of a pod may take.
	Within, Timeout time.Duration
	WithinWhy       string
	// Warnings come first in the file, each as lines; Remarks are on what acts on the target.
	Warnings [][]string
	Remarks  []string
}

func newDraft(w *cluster.Workload, s *cluster.Surroundings) *draft {
	d := &draft{
		Name: draftName(w.Name), Namespace: w.Namespace, Target: w.String(), Desired: w.Status.Desired, Ready: w.Status.Ready,
		Load: findLoad(w, s),
	}
	d.guard()
	d.replicas(s)
	d.within(w)
	d.warn(w)
	d.remark(s)
	return d
}

// draftName fits into a label, whatever the workload is called.
func draftName(workload string) string {
	const suffix, longest = "-survives-pod-kill", 63
	name := strings.ReplaceAll(workload, ".", "-")
	return strings.TrimRight(name[:min(len(name), longest-len(suffix))], "-") + suffix
}

// guard allows the loss of one pod and no more.
func (d *draft) guard() {
	d.MaxAffected, d.MinReady, d.GuardWhy = "50%", 1, "at the least one pod stays"
	if d.Desired > 1 {
		d.MaxAffected = fmt.Sprintf("%d%%", int(math.Ceil(100/float64(d.Desired))))
		d.MinReady, d.GuardWhy = d.Desired-1, fmt.Sprintf("one pod of %d at a time", d.Desired)
	}
}

// replicas asks for as many pods as are declared; under an autoscaler, for the least that it keeps.
func (d *draft) replicas(s *cluster.Surroundings) {
	d.Replicas, d.ReplicasWhy = max(1, d.Desired), "all of them"
	if hpa := s.Autoscaler; hpa != nil {
		least := 1
		if hpa.Spec.MinReplicas != nil {
			least = int(*hpa.Spec.MinReplicas)
		}
		d.Replicas, d.ReplicasWhy = max(1, least), fmt.Sprintf("the least that HorizontalPodAutoscaler %s keeps (%d to %d)", hpa.Name, least, hpa.Spec.MaxReplicas)
	}
}

// within adds up what the pod's own settings allow a replacement to take.
func (d *draft) within(w *cluster.Workload) {
	const usual = 60 * time.Second
	spec := w.Template.Spec
	start := time.Duration(0)
	for i := range spec.Containers {
		c := &spec.Containers[i]
		start = max(start, probeTime(c.StartupProbe)+firstProbe(c.ReadinessProbe))
	}
	within := usual
	d.WithinWhy = "of the loss of the pod"
	if longest := (30*time.Second + start).Round(10 * time.Second); longest > usual {
		within, d.WithinWhy = longest, "the startup and readiness probes allow that much"
	}
	// These controllers wait until the old pod is gone.
	if grace := spec.TerminationGracePeriodSeconds; grace != nil && (w.Kind == "StatefulSet" || w.Kind == "DaemonSet") {
		within += time.Duration(*grace) * time.Second
		d.WithinWhy += fmt.Sprintf("; %d s of it for the old pod to stop, which comes first", *grace)
	}
	d.Within, d.Timeout = within, max(2*time.Minute, 2*within)
}

// probeTime is how long a probe may take to succeed.
func probeTime(p *corev1.Probe) time.Duration {
	if p == nil {
		return 0
	}
	return time.Duration(p.InitialDelaySeconds+p.PeriodSeconds*p.FailureThreshold) * time.Second
}

// firstProbe is when a probe has succeeded in a container that needs no time.
func firstProbe(p *corev1.Probe) time.Duration {
	if p == nil {
		return 0
	}
	return time.Duration(p.InitialDelaySeconds+p.PeriodSeconds*p.SuccessThreshold) * time.Second
}

// write fills in the template.
func (d *draft) write(w io.Writer) error {
	t, err := template.New("experiment").Funcs(template.FuncMap{"scalar": scalar, "short": short}).Parse(draftText)
	if err != nil {
		return err
	}
	return t.Execute(w, d)
}

// scalar writes text as YAML, quoted where YAML would take it for something else: a port 80, a namespace null.
func scalar(text string) (string, error) {
	out, err := yaml.Marshal(text)
	return strings.TrimSpace(string(out)), err
}

// short leaves out the zeros at the end that Go writes: 2m, not 2m0s.
func short(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}
