package inject

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"sync"

	"github.com/chaosctl/chaosctl/pkg/access"
	"github.com/chaosctl/chaosctl/pkg/experiment"
)

var _ = registry.Add(Definition{
	Name:    "dnsFail",
	Summary: "Has questions for names, asked in pods of the target, answered with an error, late or not at all.",
	Example: `
- name: no-payments
  dnsFail: {count: 1, names: [payments.example.com, "*.internal"], answer: NXDOMAIN}
  for: 30s
`,
	New: func() Fault {
		return &DNSFail{agentParameters: agentParameters{Count: experiment.CountOf(1)}, Percent: 1}
	},
})

// DNSFail brings questions that the chosen pods ask of the name servers in their resolv.conf to a name server inside of them, which
// answers with an error, late or not at all, and has all others answered by the real one. Names that a process has resolved before
// it may remember, and go on using.
type DNSFail struct {
	agentParameters
	// Names are those that are asked for: a name, or "*.example.com" for all below it; all names unless told otherwise. One that
	// does not end in a dot stands for what the pod's search domains make of it too, as in payments.shop.svc.cluster.local.
	Names []string `json:"names,omitempty" form:"given"`
	// Answer is NXDOMAIN (there is no such name), SERVFAIL (the server has failed) or none (who asks is left waiting). NXDOMAIN
	// unless told otherwise; with a delay, that of the server.
	Answer DNSAnswer `json:"answer,omitempty"`
	// Delay is how long a question is held before it is answered.
	Delay *experiment.Duration `json:"delay,omitempty" form:"positive"`
	// Percent is the share of these questions to which it happens, chosen at random for each. 100% unless told otherwise.
	Percent experiment.Percent `json:"percent"`
}

// DNSAnswer is one to a question of DNS.
type DNSAnswer string

// The answers.
const (
	NXDOMAIN DNSAnswer = "NXDOMAIN"
	SERVFAIL DNSAnswer = "SERVFAIL"
	NoAnswer DNSAnswer = "none"
)

// Values lists what an answer may be.
func (DNSAnswer) Values() []string {
	return []string{string(NXDOMAIN), string(SERVFAIL), string(NoAnswer)}
}

// dnsName is a name as people write it.
var dnsName = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^(\*\.)?([A-Za-z0-9_]([-A-Za-z0-9_]*[A-Za-z0-9_])?\.)*[A-Za-z0-9_]([-A-Za-z0-9_]*[A-Za-z0-9_])?\.?$`)
})

// Check refuses what nobody can ask for.
func (f *DNSFail) Check(c *experiment.Check) {
	f.check(c)
	for i, n := range f.Names {
		if len(n) > 253 || !dnsName().MatchString(n) {
			c.Fail(fmt.Sprintf("names[%d]", i), "%q is no name: expected one such as payments.example.com or *.example.com", n)
		}
	}
	checkDelay(c, "delay", f.Delay)
	checkPercent(c, "percent", f.Percent, "questions")
}

// Plan runs an agent with a name server in the chosen pods.
func (f *DNSFail) Plan(ctx context.Context, s Scope) ([]Change, error) {
	task := []string{"dns", "--share", fraction(f.Percent)}
	var effects []string
	if f.Delay != nil {
		task = append(task, "--delay", f.Delay.String())
		effects = append(effects, fmt.Sprintf("hold for %s", f.Delay))
	}
	answer := f.Answer
	if answer == "" && f.Delay == nil {
		answer = NXDOMAIN
	}
	switch answer {
	case "":
	case NoAnswer:
		effects = append(effects, "leave without an answer")
	default:
		effects = append(effects, "answer with "+string(answer))
	}
	if answer != "" {
		task = append(task, "--answer", string(answer))
	}
	names := "all names"
	if len(f.Names) > 0 {
		task = append(task, "--name", strings.Join(f.Names, ","))
		names = strings.Join(f.Names, ", ")
	}
	what := fmt.Sprintf("%s %s of the questions of the pod for %s", strings.Join(effects, " and "), f.Percent, names)
	return f.planBetween(ctx, s, what, task...)
}

// Needs are those of agents in the target's namespace.
func (f *DNSFail) Needs(s access.Scope) []access.Need { return agents(s.Target.Namespace) }
