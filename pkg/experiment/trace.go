package experiment

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Trace is a rate that goes through given values, each of which holds from its offset on.
type Trace struct {
	// File holds one line for each rate, `offset, rate`, as in `10s, 200/s`: the offset from the start of the load, a duration
	// or a number of seconds, and a rate, or a number of requests per second. Lines that are empty or begin with # are passed
	// over. Its path is relative to the file of the experiment. What it holds takes its place when the experiment is loaded, so
	// that the record of a run has it.
	File string `json:"file,omitempty" choice:"trace"`
	// Points are such lines, as texts.
	Points []TracePoint `json:"points,omitempty" choice:"trace"`

	// from is the file that the points were read from, as the experiment named it.
	from string
}

// TracePoint is a rate that holds from an offset on, to the next one.
type TracePoint struct {
	Offset Duration
	Rate   Level
}

// The limits of a trace: one that is larger was not made for a test of some minutes, and would not fit into a report.
const (
	maxTraceBytes  = 1 << 20
	maxTracePoints = 10_000
)

// UnmarshalText reads `offset, rate`.
func (p *TracePoint) UnmarshalText(text []byte) error {
	offset, rate, ok := strings.Cut(string(text), ",")
	if !ok {
		return fmt.Errorf("%s is not offset, rate: expected something like 10s, 200/s", quote(string(text)))
	}
	offset, rate = strings.TrimSpace(offset), strings.TrimSpace(rate)
	if isDecimalNumber(offset) {
		offset += "s"
	}
	if isDecimalNumber(rate) {
		rate += "/s"
	}
	if err := p.Offset.UnmarshalText([]byte(offset)); err != nil {
		return err
	}
	return p.Rate.UnmarshalText([]byte(rate))
}

// isDecimalNumber says whether there is nothing but digits, with a point perhaps.
func isDecimalNumber(text string) bool {
	_, err := strconv.ParseFloat(text, 64)
	return err == nil && strings.Trim(text, "0123456789.") == ""
}

// MarshalText writes the point as it is read.
func (p TracePoint) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

func (p TracePoint) String() string { return p.Offset.String() + ", " + p.Rate.String() }

// Expected says what the loader expects.
func (TracePoint) Expected() string { return "an offset and a rate, such as 10s, 200/s" }

// Form says which text is read.
func (TracePoint) Form() Form {
	duration := `([+]?(0|(` + numberPattern + unitPattern + `)+)|` + numberPattern + `)`
	rate := `([+]?` + numberPattern + `/[0-9]*(\.[0-9]*)?` + unitPattern + `(` + numberPattern + unitPattern + `)*|` + numberPattern + `)`
	return Form{Name: "offset and rate", Patterns: []string{`^ *` + duration + ` *, *` + rate + ` *$`}}
}

// readTraces puts what files hold in their place. What is wrong with one is said of the field that names it, with the line.
func (e *Experiment) readTraces(f *findings) {
	for i := range e.Spec.Load {
		p := e.Spec.Load[i].Profile
		if p == nil || p.Trace == nil || p.Trace.File == "" || p.Trace.Points != nil {
			continue
		}
		path := element("spec.load", i) + ".profile.trace.file"
		if !f.sound(path) {
			continue
		}
		points, err := readTrace(beside(f.file, p.Trace.File), p.Trace.File)
		if err != nil {
			f.fail(f.placeAt(path), path, "", "%v", err)
			continue
		}
		p.Trace.File, p.Trace.Points, p.Trace.from = "", points, p.Trace.File
	}
}

// beside is the path of a file that another one names.
func beside(file, name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(filepath.Dir(file), name)
}

// Traces are the files that were read for the profiles of loads, as the experiment names them.
func (e *Experiment) Traces() []string {
	var names []string
	for i := range e.Spec.Load {
		if p := e.Spec.Load[i].Profile; p != nil && p.Trace != nil && p.Trace.from != "" {
			names = append(names, p.Trace.from)
		}
	}
	return names
}

// readTrace reads the file at a path, which has a name for people.
func readTrace(path, name string) ([]TracePoint, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, fmt.Errorf("the trace cannot be read: %w", err)
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("the trace %s is not a file", name)
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("the trace cannot be read: %w", err)
	}
	defer file.Close()
	return parseTrace(file, name)
}

// parseTrace reads lines, and names the one that is wrong.
func parseTrace(from io.Reader, name string) ([]TracePoint, error) {
	var points []TracePoint
	limited := &io.LimitedReader{R: from, N: maxTraceBytes + 1}
	lines := bufio.NewScanner(limited)
	n := 0
	for lines.Scan() {
		n++
		text := strings.TrimSpace(lines.Text())
		if text == "" || strings.HasPrefix(text, "#") {
			continue
		}
		var p TracePoint
		if err := p.UnmarshalText([]byte(text)); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", name, n, err)
		}
		if len(points) > 0 && p.Offset <= points[len(points)-1].Offset {
			return nil, fmt.Errorf("%s:%d: the offset %s is not after the one before, %s", name, n, p.Offset, points[len(points)-1].Offset)
		}
		if points = append(points, p); len(points) > maxTracePoints {
			return nil, fmt.Errorf("%s:%d: the trace is too long: expected %d rates at most", name, n, maxTracePoints)
		}
	}
	switch {
	case errors.Is(lines.Err(), bufio.ErrTooLong):
		return nil, fmt.Errorf("%s:%d: the line is longer than %d KiB", name, n+1, bufio.MaxScanTokenSize>>10)
	case lines.Err() != nil:
		return nil, fmt.Errorf("%s: %w", name, lines.Err())
	case limited.N == 0:
		return nil, fmt.Errorf("%s: the trace is larger than 1 MiB", name)
	case len(points) == 0:
		return nil, fmt.Errorf("%s holds no rates: expected lines such as 10s, 200/s", name)
	}
	return points, nil
}

func (t *Trace) validate(f *findings, path string) {
	switch {
	case t.File == "" && len(t.Points) == 0:
		f.refuse(path, "", "the trace has no rates: expected file or points")
		return
	case t.File != "" && len(t.Points) > 0:
		f.refuse(child(path, "points"), "", "file and points exclude each other: expected one")
		return
	case t.File != "":
		f.refuse(child(path, "file"), "", "the file was not read: expected a trace of an experiment that is loaded from a file")
		return
	case len(t.Points) > maxTracePoints:
		f.refuse(child(path, "points"), "", "the trace is too long: expected %d rates at most", maxTracePoints)
		return
	}
	sends := false
	for i, p := range t.Points {
		if i > 0 && p.Offset <= t.Points[i-1].Offset {
			f.refuse(element(child(path, "points"), i), "", "the offset %s is not after the one before, %s", p.Offset, t.Points[i-1].Offset)
		}
		sends = sends || p.Rate.PerSecond > 0
	}
	if !sends {
		f.refuse(path, "", "all rates are 0/s, which is no load: expected one above 0")
	}
}

// String is the trace in words.
func (t *Trace) String() string {
	if len(t.Points) == 0 {
		return "no requests"
	}
	least, most := t.Points[0].Rate, t.Points[0].Rate
	for _, p := range t.Points {
		if p.Rate.PerSecond < least.PerSecond {
			least = p.Rate
		}
		if p.Rate.PerSecond > most.PerSecond {
			most = p.Rate
		}
	}
	return fmt.Sprintf("a trace of %d rates from %s to %s, the last one after %s", len(t.Points), least, most, t.Points[len(t.Points)-1].Offset.Std().Round(time.Millisecond))
}

// divided is the trace with an n-th of each of its rates.
func (t *Trace) divided(n int) *Trace {
	d := &Trace{File: t.File}
	for _, p := range t.Points {
		d.Points = append(d.Points, TracePoint{p.Offset, Level{Rate{p.Rate.PerSecond / float64(n)}}})
	}
	return d
}
