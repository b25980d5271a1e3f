package report

import (
	"cmp"
	"io"
	"strings"
)

// longestSummary is what WriteMarkdown writes at the most: less than job summaries and comments may hold.
const longestSummary = 60 << 10

// WriteMarkdown writes a summary for a job's page or a pull request: the verdict, the expectations, what clients saw,
// the recoveries and the undo. It stays under 64 KiB, whatever the run.
func WriteMarkdown(w io.Writer, m *Model) error {
	r := tamed(m.Result, longestText)
	s := &summary{}
	view := verdictView{r.Verdict}
	s.line("## " + view.Sign() + " " + markdown(Headline(&r)))
	s.line("")
	s.line("**" + markdown(r.Experiment.Name) + "** · " + markdown(r.Experiment.Promise) + " of " + markdown(r.Experiment.Target))
	s.line("")
	s.explanation(r.Explanation)
	for _, reason := range r.Reasons[:min(len(r.Reasons), 10)] {
		s.line("- " + markdown(clip(reason, 300)))
	}
	s.expectations(r.Expectations)
	s.aborts(r.AbortIf)
	s.chart(m)
	s.streams(r.Streams)
	s.attribution(r.Attribution)
	s.probes(r.Probes)
	s.recoveries(&r)
	end := &summary{}
	end.section("Undo")
	end.line("**" + markdown(cmp.Or(string(r.Undo), "unknown")) + "**: " + markdown(undoWords(&r)))
	end.line("")
	end.line("Exit code " + count(r.ExitCode) + ": " + exitMeaning(r.ExitCode) + ". Run " + markdown(r.RunID) + ", " + instant(r.StartedAt) + ", seed " + fixed(float64(r.Seed), 0) + ".")
	_, err := io.WriteString(w, s.before(end.String()))
	return err
}

// before is the text with its end, cut before that at the end of a line should both be longer than they may.
func (s *summary) before(end string) string {
	const cut = "\nThis was cut: result.json has the whole.\n"
	text, room := s.String(), longestSummary-len(end)
	if len(text) > room {
		text = text[:max(0, room-len(cut))]
		text = text[:strings.LastIndexByte(text, '\n')+1] + cut
	}
	return text + end
}

// summary is a Markdown text that knows when it is full.
type summary struct{ strings.Builder }

func (s *summary) line(text string) { s.WriteString(text + "\n") }

func (s *summary) section(title string) { s.WriteString("\n### " + title + "\n\n") }

// table writes rows as long as there is room, and leaves enough for what follows.
func (s *summary) table(titles []string, rows [][]string) {
	s.line("| " + strings.Join(titles, " | ") + " |")
	s.line("|" + strings.Repeat(" --- |", len(titles)))
	budget := s.Len() + (longestSummary-s.Len())/2
	for i, row := range rows {
		text := "| " + strings.Join(row, " | ") + " |"
		if s.Len()+len(text) > budget {
			s.line("")
			s.line("and " + count(len(rows)-i) + " more, in result.json.")
			return
		}
		s.line(text)
	}
}

func (s *summary) expectations(all []ExpectationResult) {
	if len(all) == 0 {
		return
	}
	s.section("Expectations")
	var rows [][]string
	for _, e := range all {
		v := verdictView{e.Verdict}
		rows = append(rows, []string{v.Sign() + " " + v.Word(), cell(e.Name), cell(e.Observed), cell(e.Bound), cell(e.Resolution), cell(e.Why)})
	}
	s.table([]string{"verdict", "expectation", "observed", "bound", "resolution", "why"}, rows)
}

func (s *summary) aborts(all []AbortResult) {
	if len(all) == 0 {
		return
	}
	s.section("Abort conditions")
	var rows [][]string
	for _, a := range all {
		rows = append(rows, []string{abortView{a.Verdict}.Sign() + " " + abortView{a.Verdict}.Word(), cell(a.Name), cell(a.Why)})
	}
	s.table([]string{"outcome", "condition", "why"}, rows)
}

func (s *summary) streams(all []StreamResult) {
	if len(all) == 0 {
		return
	}
	s.section("Load")
	var rows [][]string
	for _, stream := range all {
		answered, p99 := "–", "–"
		if stream.Availability != nil {
			answered = percent(*stream.Availability)
		}
		if stream.Interval95 != nil {
			answered += " (" + interval(*stream.Interval95) + ")"
		}
		if stream.Latency != nil {
			p99 = seconds(stream.Latency.P99)
		}
		outage := longestOutage([]StreamResult{stream})
		var failed []string
		for _, f := range causes(stream) {
			failed = append(failed, f.Value+" "+f.Name)
		}
		if stream.Unexpected != "" {
			failed = append(failed, "such as: "+stream.Unexpected)
		}
		rows = append(rows, []string{cell(stream.Label()), achieved(stream), count(stream.Requests), answered, p99, outage, cell(strings.Join(failed, ", "))})
	}
	s.table([]string{"stream", "rate", "requests", "answered", "p99", "outages", "failures"}, rows)
}

// explanation is what broke, why, and what would have prevented it.
func (s *summary) explanation(e *Explanation) {
	for _, each := range e.lines() {
		s.line("**" + each.Name + "** " + markdown(clip(each.Value, 600)))
		s.line("")
	}
}

func (s *summary) attribution(a *AttributionResult) {
	if a == nil {
		return
	}
	s.section("Failed requests")
	var rows [][]string
	for _, c := range a.Classes {
		var pods []string
		for _, p := range c.ShownPods() {
			pods = append(pods, count(p.Failures)+" "+c.Where(p))
		}
		if more := c.MorePods(); more > 0 {
			pods = append(pods, count(more)+" more")
		}
		rows = append(rows, []string{cell(c.Words), count(c.Failures) + " (" + a.ShareOf(c) + ")", cell(c.Sure()), cell(strings.Join(pods, ", "))})
	}
	s.table([]string{"what became of them", "failures", "how it is known", "pods"}, rows)
}

func (s *summary) probes(all []ProbeResult) {
	if len(all) == 0 {
		return
	}
	s.section("Probes")
	var rows [][]string
	for _, p := range all {
		rows = append(rows, []string{cell(p.Name), cell(p.Words()), count(p.Checks), count(p.Failures), count(p.Unknown), cell(p.LastMessage)})
	}
	s.table([]string{"probe", "mode", "checks", "failed", "unknown", "last failure"}, rows)
}

// achieved is the rate of a stream beside what was asked for.
func achieved(s StreamResult) string {
	text := rate(s.Achieved) + " of " + rate(s.Asked)
	if s.Profile != "" {
		text += " (" + cell(s.Profile) + ")"
	}
	return text
}

func (s *summary) recoveries(r *Result) {
	if len(r.Recoveries) == 0 {
		return
	}
	s.section("Recovery")
	s.line(markdown(sentence(LongestPhase(r))))
	s.line("")
	var rows [][]string
	for _, rec := range r.Recoveries {
		replacement, longest := "none seen", "–"
		if rec.Replacement != nil {
			replacement = cell(rec.Replacement.Name)
		}
		if p, ok := rec.Phases.longest(); ok {
			longest = p.Name + " " + seconds(*p.Seconds)
		}
		rows = append(rows, []string{cell(rec.Victim.Name), replacement, rec.took(), longest})
	}
	s.table([]string{"victim", "replacement", "took", "longest phase"}, rows)
}

// cell is a text for a table, shorter than one in a sentence may be.
func cell(s string) string {
	if s == "" {
		return "–"
	}
	return markdown(clip(s, 240))
}

// markdown writes a text so that it stands for itself: no table, link, heading, mark-up or HTML comes of it.
func markdown(s string) string { return markdownEscapes.Replace(s) }

var markdownEscapes = strings.NewReplacer(
	"&", "&amp;", "<", "&lt;", ">", "&gt;", "\n", " ", "\r", " ",
	`\`, `\\`, "`", "\\`", "*", `\*`, "_", `\_`, "[", `\[`, "]", `\]`, "|", `\|`, "#", `\#`, "~", `\~`, "!", `\!`, "$", `\$`,
)
