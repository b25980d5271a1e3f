package verdict

import (
	"fmt"
	"time"
)

// checks are those of a window.
type checks struct {
	all             []Check
	failed, unknown int
	// lastFailed and lastUnknown are why the newest of each did not hold.
	lastFailed, lastUnknown string
}

func newChecks(all []Check, window Span) checks {
	var c checks
	for _, check := range all {
		if check.Start < window.Start || check.Start >= window.End {
			continue
		}
		c.all = append(c.all, check)
		switch {
		case check.Unknown:
			c.unknown++
			c.lastUnknown = check.Message
		case !check.Held:
			c.failed++
			c.lastFailed = check.Message
		}
	}
	return c
}

// outage is the longest time that the probe is known not to have held, and the longest that it can have been without being
// seen to hold.
func (c checks) outage(window Span) (least, most time.Duration) {
	held, failing := window.Start, -1
	for i, check := range c.all {
		end := min(check.End, window.End)
		switch {
		case check.Held:
			most = max(most, end.Sub(held))
			held, failing = check.Start, -1
		case check.Unknown:
			failing = -1
		case failing < 0:
			failing = i
		default:
			least = max(least, check.Start.Sub(c.all[failing].End))
		}
	}
	return least, max(most, window.End.Sub(held))
}

// spacing is the longest time between the beginnings of two checks.
func (c checks) spacing(window Span) time.Duration {
	longest, last := time.Duration(0), window.Start
	for _, check := range c.all {
		longest = max(longest, check.Start.Sub(last))
		last = check.Start
	}
	return max(longest, window.End.Sub(last))
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
