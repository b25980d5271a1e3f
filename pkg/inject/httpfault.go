package inject

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"github.com/chaosctl/chaosctl/pkg/access"
	"github.com/chaosctl/chaosctl/pkg/experiment"
)

var _ = registry.Add(Definition{
	Name:    "httpFault",
	Summary: "Has requests that come in to pods of the target answered with an error, late or not at all.",
	Example: `
- name: orders-fail
  httpFault: {count: 1, port: 8080, path: /orders, status: 503, percent: 50%}
  for: 30s
`,
	New: func() Fault {
		return &HTTPFault{agentParameters: agentParameters{Count: experiment.CountOf(1)}, Percent: 1}
	},
})

// HTTPFault brings connections to a port of the chosen pods to a proxy inside of them, which answers requests with an error, late
// or not at all, and passes the others on. It understands HTTP/1 and HTTP/2 in clear text, and gRPC with that; connections of TLS
// pass untouched. Connections that were there before go on without it, unless they are reset. To the pod's own server, requests
// come from the pod itself.
type HTTPFault struct {
	agentParameters
	// Port is the one at which the container listens, which may be another one than that of a Service.
	Port int `json:"port" form:"port-number"`
	// Path is what the path of a request begins with.
	Path string `json:"path,omitempty" form:"given" excludes:"pattern"`
	// Pattern is a regular expression (RE2) that matches some of the path of a request.
	Pattern string `json:"pattern,omitempty" form:"given"`
	// Methods are those of the requests; all unless told otherwise.
	Methods []string `json:"methods,omitempty" form:"given"`
	// Percent is the share of these requests to which it happens, chosen at random for each. 100% unless told otherwise.
	Percent experiment.Percent `json:"percent"`
	// Status is the answer, from 200 to 599. The pod's own server does not see the request.
	Status *int `json:"status,omitempty" form:"answer" excludes:"abort"`
	// Delay is how long a request is held before it is passed on, answered or aborted.
	Delay *experiment.Duration `json:"delay,omitempty" form:"positive"`
	// Abort resets the connection in place of an answer; of HTTP/2, the stream.
	Abort bool `json:"abort,omitempty"`
	// Probes has the kubelet's probes meet the fault too, by which the pod may go out of service, or be restarted.
	Probes bool `json:"probes,omitempty"`
	// ResetEstablished resets connections that were there before, so that their clients make new ones.
	ResetEstablished bool `json:"resetEstablished,omitempty"`
}

// Check refuses what no request could meet, and what would do nothing to it.
func (f *HTTPFault) Check(c *experiment.Check) {
	f.check(c)
	checkPort(c, "port", f.Port)
	checkPercent(c, "percent", f.Percent, "requests")
	if f.Pattern != "" {
		if _, err := regexp.Compile(f.Pattern); err != nil {
			c.Fail("pattern", "%q is no regular expression: %v", f.Pattern, err)
		}
	}
	if f.Path != "" && (!strings.HasPrefix(f.Path, "/") || strings.ContainsAny(f.Path, "?#")) {
		c.Fail("path", "%q is no beginning of a path: expected one such as /orders", f.Path)
	}
	for i, method := range f.Methods {
		if method == "" || strings.ToUpper(method) != method || strings.ContainsAny(method, ", \t") {
			c.Fail(fmt.Sprintf("methods[%d]", i), "%q is no method of HTTP: expected one such as GET", method)
		}
	}
	if f.Status != nil && (*f.Status < 200 || *f.Status > 599) {
		c.Fail("status", "%d is no status of an answer: expected 200 to 599", *f.Status)
	}
	checkDelay(c, "delay", f.Delay)
	if f.Path != "" && f.Pattern != "" {
		c.Fail("path", "path and pattern exclude each other: expected one of them")
	}
	if f.Status != nil && f.Abort {
		c.Fail("status", "status and abort exclude each other: expected one of them")
	}
	if f.Status == nil && f.Delay == nil && !f.Abort {
		c.Fail("", "nothing happens to the requests: expected status, delay or abort")
	}
}

// Plan runs an agent with a proxy in the chosen pods.
func (f *HTTPFault) Plan(ctx context.Context, s Scope) ([]Change, error) {
	task := []string{"http", "--port", strconv.Itoa(f.Port), "--share", fraction(f.Percent)}
	var effects []string
	if f.Delay != nil {
		task = append(task, "--delay", f.Delay.String())
		effects = append(effects, fmt.Sprintf("hold for %s", f.Delay))
	}
	if f.Status != nil {
		task = append(task, "--status", strconv.Itoa(*f.Status))
		effects = append(effects, strings.TrimSpace(fmt.Sprintf("answer with %d %s", *f.Status, http.StatusText(*f.Status))))
	}
	if f.Abort {
		task = append(task, "--abort")
		effects = append(effects, "abort")
	}
	of := "requests"
	if len(f.Methods) > 0 {
		task = append(task, "--method", strings.Join(f.Methods, ","))
		of = strings.Join(f.Methods, " and ") + " " + of
	}
	of += fmt.Sprintf(" to port %d of the pod", f.Port)
	if f.Path != "" {
		task = append(task, "--path", f.Path)
		of += " under " + f.Path
	}
	if f.Pattern != "" {
		task = append(task, "--pattern", f.Pattern)
		of += " that match " + f.Pattern
	}
	if f.Probes {
		task = append(task, "--probes")
	}
	if f.ResetEstablished {
		task = append(task, "--reset")
		of += ", and reset its connections of before"
	}
	return f.planBetween(ctx, s, fmt.Sprintf("%s %s of the %s", strings.Join(effects, " and "), f.Percent, of), task...)
}

// Needs are those of agents in the target's namespace.
func (f *HTTPFault) Needs(s access.Scope) []access.Need { return agents(s.Target.Namespace) }
