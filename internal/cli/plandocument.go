package cli

import (
	"fmt"
	"io"

	"github.com/chaosctl/chaosctl/pkg/access"
	"github.com/chaosctl/chaosctl/pkg/engine"
	"github.com/chaosctl/chaosctl/pkg/event"
	"github.com/chaosctl/chaosctl/pkg/report"
)

// planDocument is a plan for machines.
type planDocument struct {
	APIVersion string                `json:"apiVersion"`
	Kind       string                `json:"kind"`
	Experiment string                `json:"experiment"`
	Promise    string                `json:"promise"`
	Cluster    event.Cluster         `json:"cluster"`
	Seed       int64                 `json:"seed"`
	Target     planTarget            `json:"target"`
	Streams    []planStream          `json:"streams"`
	Changes    []event.PlannedChange `json:"changes"`
	Impact     engine.Impact         `json:"impact"`
	// Permissions are what the run needs; a plan is made only where all are granted.
	Permissions []access.Answer `json:"permissions"`
	// DryRun holds the server's answers, where they were asked for.
	DryRun []serverAnswer `json:"dryRun,omitempty"`
}

type planTarget struct {
	Namespace string `json:"namespace"`
	Workload  string `json:"workload"`
	Desired   int    `json:"desired"`
	Pods      int    `json:"pods"`
	Ready     int    `json:"ready"`
}

type planStream struct {
	Name  string `json:"name"`
	Fresh bool   `json:"fresh"`
	// Rate is the most of a rate that changes over time, which Profile tells in words.
	Rate    float64 `json:"ratePerSecond"`
	Profile string  `json:"profile,omitempty"`
	URL     string  `json:"url"`
	Via     string  `json:"via"`
}

type serverAnswer struct {
	ID       string `json:"id"`
	Accepted bool   `json:"accepted"`
	Message  string `json:"message,omitempty"`
}

func documentOf(p *engine.Plan) *planDocument {
	e := p.Experiment
	d := &planDocument{
		APIVersion: report.ResultVersion, Kind: "Plan", Experiment: e.Metadata.Name, Promise: string(e.Spec.Promise), Cluster: p.Cluster, Seed: p.Seed,
		Target:  planTarget{p.Workload.Namespace, p.Workload.String(), p.Workload.Status.Desired, p.Pods, p.Ready},
		Streams: []planStream{}, Changes: p.Event().Changes, Impact: p.Impact, Permissions: p.Permissions,
	}
	for _, s := range p.Streams() {
		stream := planStream{Name: s.Name, Fresh: s.Fresh, Rate: s.Profile.Peak(), URL: s.URL, Via: p.Routes[routeOf(p, s.Name)].Via}
		if s.Shape.Constant == nil {
			stream.Profile = s.Shape.String()
		}
		d.Streams = append(d.Streams, stream)
	}
	return d
}

func (d *planDocument) printAnswers(w io.Writer) {
	if len(d.DryRun) == 0 {
		return
	}
	refused := 0
	for _, a := range d.DryRun {
		if !a.Accepted {
			refused++
			fmt.Fprintf(w, "  the server would refuse %s: %s\n", a.ID, a.Message)
		}
	}
	fmt.Fprintf(w, "dry run: the server would carry out %d of %d changes\n\n", len(d.DryRun)-refused, len(d.DryRun))
}
