// Package doctor finds out, without changing anything, what would keep an experiment from running or from measuring what
// it means to, and says how to mend it. Each check is a file with a method of [Doctor] that lists findings.
package doctor

import (
	"context"
	"net/http"
	"time"

	"github.com/chaosctl/chaosctl/pkg/cluster"
	"github.com/chaosctl/chaosctl/pkg/experiment"
)

// Level says how much a finding matters.
type Level string

// The levels. A problem is what makes a run impossible, or its verdict unknown for sure.
const (
	OK      Level = "ok"
	Warning Level = "warning"
	Problem Level = "problem"
)

// Finding is the outcome of a check.
type Finding struct {
	// Check names what was looked at.
	Check   string `json:"check"`
	Level   Level  `json:"level"`
	Message string `json:"message"`
	// Mend says what to do about it.
	Mend string `json:"mend,omitempty"`
}

// Doctor examines one cluster.
type Doctor struct {
	Cluster *cluster.Cluster
	// HTTP sends requests with the credentials of the cluster's user.
	HTTP *http.Client
	// Libraries is the version of the client libraries that this program is built with, such as v0.37.2.
	Libraries string
	// Now is the clock of this machine.
	Now func() time.Time
}

// Examine checks the cluster, and then each of the experiments. A cluster that does not answer ends the examination.
func (d *Doctor) Examine(ctx context.Context, all []*experiment.Experiment) []Finding {
	server, answers := d.server(ctx)
	if !answers {
		return server
	}
	findings := append(server, d.clock(ctx)...)
	findings = append(findings, d.leftovers(ctx, all)...)
	findings = append(findings, d.metrics(all)...)
	for _, e := range all {
		findings = append(findings, d.experiment(ctx, e)...)
	}
	return findings
}

// Healthy says that no finding is a problem.
func Healthy(findings []Finding) bool {
	for _, f := range findings {
		if f.Level == Problem {
			return false
		}
	}
	return true
}
