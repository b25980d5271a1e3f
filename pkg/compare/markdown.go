package compare

import (
	"cmp"
	"io"
	"strings"

	"github.com/chaosctl/chaosctl/pkg/report"
)

// longestMarkdown is what WriteMarkdown writes at the most, in bytes: comments of pull requests take 64 KiB.
const longestMarkdown = 60 << 10

// WriteMarkdown writes a comparison for a pull request or a job's page. It stays under 64 KiB.
func WriteMarkdown(w io.Writer, original *Comparison) error {
	c := report.Tamed(*original)
	var s strings.Builder
	full := false
	line := func(text string) {
		if full = full || s.Len()+len(text) > longestMarkdown; !full {
			s.WriteString(text + "\n")
		}
	}
	line("## " + c.Verdict.Sign() + " " + report.Markdown(c.Headline()))
	line("")
	line(report.Markdown("Base: " + c.Base.summary() + ". Head: " + c.Head.summary() + "."))
	line("")
	line("| verdict | metric | base | head | change | gate | why |")
	line("|" + strings.Repeat(" --- |", 7))
	for _, f := range c.Figures {
		cells := []string{f.Word(), f.Name(), f.Show(f.Base), f.Show(f.Head), f.Shift(), cmp.Or(f.Gate, "–"), f.Why}
		for i, cell := range cells {
			cells[i] = report.Markdown(cell)
		}
		line("| " + strings.Join(cells, " | ") + " |")
	}
	line("")
	for _, n := range c.Notes {
		line("- " + report.Markdown(n))
	}
	if full {
		s.WriteString("\nThis was cut: chaosctl compare -o json has the whole.\n")
	}
	_, err := io.WriteString(w, s.String())
	return err
}

// summary says how many runs a side has.
func (s Side) summary() string {
	used := 0
	for _, r := range s.Runs {
		if r.LeftOut == "" {
			used++
		}
	}
	return runs(used, "of "+cmp.Or(s.Experiment, "an experiment without a name")+" from "+s.Path)
}
