package record

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// Ours is the subject that the others are compared with.
const Ours = "chaosctl"

// Markdown is a table of the medians, with their least and greatest, and the ratio of ours to each other subject: the
// median over the rounds, in each of which both were measured.
func (b Benchmark) Markdown() string {
	var w strings.Builder
	fmt.Fprintf(&w, "### %s\n\n%s\n\n", b.Name, strings.Join(b.Facts, " · "))
	subjects, metrics := b.distinct(func(v Value) string { return v.Subject }), b.distinct(func(v Value) string { return v.Metric })
	fmt.Fprintf(&w, "| |%s chaosctl, of it |\n|-|%s-|\n", strings.Join(each(metrics, func(m string) string { return " " + m + " |" }), ""), strings.Repeat("-|", len(metrics)))
	for _, subject := range subjects {
		fmt.Fprintf(&w, "| %s |", subject)
		for _, metric := range metrics {
			fmt.Fprintf(&w, " %s |", spread(metric, b.of(subject, metric, 0)))
		}
		fmt.Fprintf(&w, " %s |\n", b.ratio(subject, metrics[0]))
	}
	return w.String()
}

// ratio compares by one metric.
func (b Benchmark) ratio(subject, metric string) string {
	var all []float64
	for round := 1; ; round++ {
		ours, theirs := b.of(Ours, metric, round), b.of(subject, metric, round)
		if len(ours) == 0 {
			break
		}
		if ratio := median(ours) / median(theirs); len(theirs) > 0 && !math.IsNaN(ratio) && !math.IsInf(ratio, 0) {
			all = append(all, ratio)
		}
	}
	if subject == Ours || len(all) == 0 {
		return ""
	}
	return fmt.Sprintf("%.2f (%d rounds)", median(all), len(all))
}

// of are the values of a subject, of one round or, with 0, of all.
func (b Benchmark) of(subject, metric string, round int) []float64 {
	var all []float64
	for _, v := range b.Values {
		if v.Subject == subject && v.Metric == metric && (round == 0 || v.Round == round) {
			all = append(all, v.Value)
		}
	}
	return all
}

// distinct are the values of a field in the order in which they come.
func (b Benchmark) distinct(field func(Value) string) []string {
	var all []string
	for _, v := range b.Values {
		if !slices.Contains(all, field(v)) {
			all = append(all, field(v))
		}
	}
	return all
}

func each(all []string, f func(string) string) []string {
	made := make([]string, len(all))
	for i, s := range all {
		made[i] = f(s)
	}
	return made
}

// spread is the median with what it lies between, and of shares, whose unit is %, the mean.
func spread(metric string, values []float64) string {
	switch {
	case len(values) == 0:
		return ""
	case len(values) == 1:
		return fmt.Sprintf("%.4g", values[0])
	case strings.HasSuffix(metric, "-%"):
		return fmt.Sprintf("%.4g (n=%d)", mean(values), len(values))
	}
	return fmt.Sprintf("%.4g (%.4g to %.4g)", median(values), slices.Min(values), slices.Max(values))
}

// median is NaN of nothing.
func median(values []float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	sorted := slices.Sorted(slices.Values(values))
	return (sorted[(len(sorted)-1)/2] + sorted[len(sorted)/2]) / 2
}

func mean(values []float64) float64 {
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	return sum / float64(len(values))
}
