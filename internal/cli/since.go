package cli

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/chaosctl/chaosctl/pkg/schedule"
)

// since is the time that a flag names: that long before now, or as it is written; zero for "".
func since(text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	var moment schedule.Moment
	if moment.UnmarshalText([]byte(text)) == nil {
		return moment.In(time.UTC), nil
	}
	long, err := age(text)
	if err != nil {
		return time.Time{}, fmt.Errorf("%q is neither a time such as 2027-03-01T00:00 nor %w", text, err)
	}
	return now.Add(-long), nil
}

var errAge = errors.New("a length of time such as 12h, 30d or 8w")

// age is a length of time, in days (24 hours), in weeks, or as Go writes it. It is greater than 0.
func age(text string) (time.Duration, error) {
	for unit, of := range map[string]time.Duration{"d": 24 * time.Hour, "w": 7 * 24 * time.Hour} {
		number, ok := strings.CutSuffix(text, unit)
		if !ok {
			continue
		}
		n, err := strconv.ParseUint(number, 10, 31)
		if err != nil || n == 0 || n > uint64(math.MaxInt64/of) {
			return 0, errAge
		}
		return time.Duration(n) * of, nil
	}
	long, err := time.ParseDuration(text)
	if err != nil || long <= 0 {
		return 0, errAge
	}
	return long, nil
}
