package compare

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"strings"
	"text/tabwriter"

	"github.com/chaosctl/chaosctl/pkg/report"
)

// WriteText writes a comparison for a terminal: the figures, the notes, and last the verdict.
func WriteText(w io.Writer, original *Comparison) error {
	c := report.Tamed(*original)
	table := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprintln(table, "METRIC\tBASE\tHEAD\tCHANGE\tGATE\tVERDICT")
	for _, f := range c.Figures {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\n", f.Name(), f.Show(f.Base), f.Show(f.Head), f.Shift(), cmp.Or(f.Gate, "–"), f.Word())
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for _, f := range c.Figures {
		if f.Verdict != "" {
			fmt.Fprintf(w, "\n%s %s: %s", f.Verdict.Sign(), f.Name(), f.Why)
		}
	}
	fmt.Fprintln(w)
	for _, n := range c.Notes {
		fmt.Fprintf(w, "note: %s\n", n)
	}
	_, err := fmt.Fprintf(w, "\nverdict   %s\n", c.Headline())
	return err
}

// Headline is the outcome in a sentence.
func (c *Comparison) Headline() string {
	var failed, unknown []string
	judged := 0
	for _, f := range c.Figures {
		switch f.Verdict {
		case report.Fail:
			failed = append(failed, f.Name()+" went from "+f.Show(f.Base)+" to "+f.Show(f.Head))
		case report.Unknown:
			unknown = append(unknown, f.Name())
		case report.Pass:
			judged++
		}
	}
	switch {
	case len(failed) > 0 && c.Weak:
		return "Regression, on weak evidence of one run: " + strings.Join(failed, "; ")
	case len(failed) > 0:
		return "Regression: " + strings.Join(failed, "; ")
	case len(unknown) > 0:
		return "Unknown: the data cannot tell whether " + strings.Join(unknown, ", ") + " got worse beyond the gate"
	case c.Verdict == report.Unknown:
		return "Unknown: nothing was measured that could be judged"
	case judged == 0:
		return "Compared, without a gate"
	case c.Weak:
		return "No regression seen, on weak evidence: a side has one run only"
	}
	return "No regression beyond the gates"
}

// Name is the metric with its stream.
func (f *Figure) Name() string {
	name := string(f.Metric)
	if f.Metric == P999 {
		name = "p99.9"
	}
	if f.Of != "" {
		name += " of " + f.Of
	}
	return name
}

// Word is the verdict, or the trend where there is no gate.
func (f *Figure) Word() string {
	if f.Verdict != "" {
		return f.Verdict.Sign() + " " + string(f.Verdict)
	}
	return cmp.Or(f.Trend, "–")
}

// Show writes what is typical of a sample.
func (f *Figure) Show(s Sample) string {
	if s.Typical == nil {
		return "–"
	}
	text := f.Say(*s.Typical)
	if s.AtLeast {
		text = "at least " + text
	}
	return text
}

// Say writes a value of the metric.
func (f *Figure) Say(v float64) string {
	if f.Metric == Availability {
		return report.Percent(v)
	}
	return report.Seconds(v)
}

// Shift writes the change.
func (f *Figure) Shift() string {
	switch {
	case f.Change == nil:
		return "–"
	case f.Metric == Availability:
		return points(*f.Change)
	case *f.Change == 0:
		return "none"
	case f.Relative == nil:
		return signed(*f.Change, report.Seconds)
	}
	return signed(*f.Relative, func(v float64) string {
		switch p := 100 * v; {
		case p < 0.1:
			return "under 0.1 %"
		case p < 10:
			return fmt.Sprintf("%.1f %%", p)
		default:
			return fmt.Sprintf("%.0f %%", p)
		}
	})
}

func signed(v float64, write func(float64) string) string {
	if v < 0 {
		return "−" + write(-v)
	}
	return "+" + write(math.Abs(v))
}
