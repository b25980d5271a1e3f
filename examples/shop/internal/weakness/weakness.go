// Package weakness names the faults of character that the shop can be given.
//
// The shop without any is meant to survive the failures of its platform; each
// weakness removes exactly one of the reasons why. Knowing which one is
// present, one can check that a chaos test finds it, and finds nothing else.
package weakness

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// DefaultSlowStart is how long slow-start lasts when no duration is given.
const DefaultSlowStart = 20 * time.Second

// Set is the weaknesses of one process. The zero value is the healthy one.
type Set struct {
	SlowStart         time.Duration // answers 503 and is not ready for so long after its start
	IgnoreSIGTERM     bool          // serves on after SIGTERM until it is killed
	AbruptStop        bool          // closes its port and resets its connections on SIGTERM
	ConfigAtStartOnly bool          // never looks at its files again
	CrashOnBadConfig  bool          // panics when a file does not parse
	Sticky            bool          // frontend: one connection to one catalogue pod, kept for ever
	DropFraction      float64       // breaks off this fraction of its answers, 0 to 1
	AtMost            int           // answers 503 to what comes while it has so many requests in hand; 0 for no limit
}

// kind is one row of the table of known weaknesses.
type kind struct {
	pattern string // as printed in messages
	only    string // the one service it makes sense for, or empty
	parse   func(word string, into *Set) (matched bool, err error)
}

// kinds is the table; README.md explains each row.
func kinds() []kind {
	return []kind{
		{"slow-start[=DURATION]", "", parseSlowStart},
		{"ignore-sigterm", "", flag("ignore-sigterm", func(s *Set) *bool { return &s.IgnoreSIGTERM })},
		{"abrupt-stop", "", flag("abrupt-stop", func(s *Set) *bool { return &s.AbruptStop })},
		{"config-at-start-only", "", flag("config-at-start-only", func(s *Set) *bool { return &s.ConfigAtStartOnly })},
		{"crash-on-bad-config", "", flag("crash-on-bad-config", func(s *Set) *bool { return &s.CrashOnBadConfig })},
		{"sticky", "frontend", flag("sticky", func(s *Set) *bool { return &s.Sticky })},
		{"drop-N-percent", "", parseDrop},
		{"at-most-N", "", parseAtMost},
	}
}

// Parse reads a comma-separated list for the named service. An unknown name,
// a bad value or a weakness that the service cannot have is an error: a
// misspelt weakness would otherwise pass for health.
func Parse(list, service string) (Set, error) {
	var set Set
	for word := range strings.SplitSeq(list, ",") {
		if word = strings.TrimSpace(word); word == "" {
			continue
		}
		if err := parseWord(word, service, &set); err != nil {
			return Set{}, err
		}
	}
	if set.IgnoreSIGTERM && set.AbruptStop {
		return Set{}, fmt.Errorf("weaknesses ignore-sigterm and abrupt-stop exclude each other")
	}
	return set, nil
}

func parseWord(word, service string, set *Set) error {
	var known []string
	for _, k := range kinds() {
		matched, err := k.parse(word, set)
		switch {
		case err != nil:
			return fmt.Errorf("weakness %q: %w", word, err)
		case matched && k.only != "" && k.only != service:
			return fmt.Errorf("weakness %q is one of the %s, not of the %s", word, k.only, service)
		case matched:
			return nil
		}
		known = append(known, k.pattern)
	}
	return fmt.Errorf("unknown weakness %q; known are %s", word, strings.Join(known, ", "))
}

func flag(name string, field func(*Set) *bool) func(string, *Set) (bool, error) {
	return func(word string, into *Set) (bool, error) {
		if word != name {
			return false, nil
		}
		*field(into) = true
		return true, nil
	}
}

func parseSlowStart(word string, into *Set) (bool, error) {
	name, value, given := strings.Cut(word, "=")
	if name != "slow-start" {
		return false, nil
	}
	into.SlowStart = DefaultSlowStart
	if !given {
		return true, nil
	}
	d, err := time.ParseDuration(value)
	if err != nil || d <= 0 {
		return false, fmt.Errorf("want a positive duration such as slow-start=20s")
	}
	into.SlowStart = d
	return true, nil
}

func parseDrop(word string, into *Set) (bool, error) {
	rest, isDrop := strings.CutPrefix(word, "drop-")
	number, isPercent := strings.CutSuffix(rest, "-percent")
	if !isDrop || !isPercent {
		return false, nil
	}
	percent, err := strconv.ParseFloat(number, 64)
	if err != nil || !(percent > 0 && percent <= 100) {
		return false, fmt.Errorf("want a number above 0 and up to 100, such as drop-1-percent")
	}
	into.DropFraction = percent / 100
	return true, nil
}

func parseAtMost(word string, into *Set) (bool, error) {
	number, is := strings.CutPrefix(word, "at-most-")
	if !is {
		return false, nil
	}
	n, err := strconv.Atoi(number)
	if err != nil || n < 1 {
		return false, fmt.Errorf("want a number of requests of 1 or more, such as at-most-8")
	}
	into.AtMost = n
	return true, nil
}
