package doctor

import (
	"context"
	"fmt"
	"net/http"

	"github.com/chaosctl/chaosctl/pkg/engine"
	"github.com/chaosctl/chaosctl/pkg/load"
)

// answers sends one request of each load that only reads, as the load would, and looks at what comes back.
func (d *Doctor) answers(ctx context.Context, p *engine.Plan) []Finding {
	var findings []Finding
	asked := map[string]bool{}
	for _, s := range p.Streams() {
		if asked[s.Name] || !reads(s) {
			continue
		}
		asked[s.Name] = true
		findings = append(findings, answer(ctx, s)...)
	}
	return findings
}

// reads says that a request of the stream changes nothing: a connection on which nothing is said, a health check, a GET.
func reads(s engine.Stream) bool {
	if s.TCP != nil {
		return len(s.TCP.Send) == 0
	}
	if s.GRPC != nil {
		return s.GRPC.ChecksHealth()
	}
	return s.Method == http.MethodGet || s.Method == http.MethodHead
}

func answer(ctx context.Context, s engine.Stream) []Finding {
	const mend = "see that the workload is well before it is broken: a run would end at its steady state"
	ctx, cancel := context.WithTimeout(ctx, s.Timeout)
	defer cancel()
	got, err := s.Ask(ctx)
	if err != nil {
		return []Finding{{Check: "load", Level: Problem, Message: fmt.Sprintf("load %s gets no answer: %v", s.Name, err), Mend: mend}}
	}
	said := fmt.Sprintf("load %s: %s answers %d %s", s.Name, s.URL, got.Status, http.StatusText(got.Status))
	if s.TCP != nil {
		said = fmt.Sprintf("load %s: %s lets one connect", s.Name, s.URL)
	}
	switch {
	case got.Cause == load.Unexpected && got.Why != "":
		return []Finding{{Check: "load", Level: Problem, Message: said + ", which is not what is expected: " + got.Why, Mend: mend}}
	case got.Cause != load.None:
		return []Finding{{Check: "load", Level: Problem, Message: said, Mend: mend}}
	case s.PodHeader != "" && got.Pod == "":
		return []Finding{{
			Check: "load", Level: Warning, Message: fmt.Sprintf("load %s: the answer of %s has no header %s, so that requests cannot be attributed to pods", s.Name, s.URL, s.PodHeader),
			Mend: "have the application send it, or leave podHeader out: the first answer of a replacement is then inferred from the endpoints",
		}}
	}
	return []Finding{{Check: "load", Level: OK, Message: said}}
}
