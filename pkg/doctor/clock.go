package doctor

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// tolerable is how far two clocks may be apart before logs of one machine are hard to lay beside those of another.
const tolerable = 2 * time.Second

// clock compares this machine's time with the server's, by the Date of an answer. Measurements do not depend on it: all
// of a run's instants are of one monotonic clock.
func (d *Doctor) clock(ctx context.Context) []Finding {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(d.Cluster.Host, "/")+"/version", nil)
	if err != nil {
		return []Finding{unknownClock(err)}
	}
	sent := d.Now()
	response, err := d.HTTP.Do(request)
	received := d.Now()
	if err != nil {
		return []Finding{unknownClock(err)}
	}
	defer response.Body.Close()
	date, err := http.ParseTime(response.Header.Get("Date"))
	if err != nil {
		return []Finding{unknownClock(fmt.Errorf("the server does not tell its time"))}
	}
	return []Finding{judgeClock(skew(sent, received, date))}
}

// skew is by how much the server's clock is ahead, at the least; negative if it is behind, and 0 where the two may be
// the same. The server cut its time to a second, and read it at some instant between the request and the answer.
func skew(sent, received, date time.Time) time.Duration {
	earliest, latest := date.Sub(received), date.Add(time.Second).Sub(sent)
	switch {
	case earliest > 0:
		return earliest
	case latest < 0:
		return latest
	}
	return 0
}

func judgeClock(skew time.Duration) Finding {
	f := Finding{Check: "clock", Level: OK, Message: "this machine and the API server agree, to the second that can be told"}
	if skew == 0 {
		return f
	}
	direction := "behind"
	if skew < 0 {
		direction = "ahead of"
	}
	f.Message = fmt.Sprintf("this machine is at least %s %s the API server", skew.Abs().Round(100*time.Millisecond), direction)
	if skew.Abs() > tolerable {
		f.Level, f.Mend = Warning, "set the clock by NTP, so that reports can be laid beside the cluster's logs; measurements do not depend on it"
	}
	return f
}

func unknownClock(err error) Finding {
	return Finding{Check: "clock", Level: Warning, Message: "the API server's time is not known: " + err.Error()}
}
