package probe

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/chaosctl/chaosctl/pkg/event"
	"github.com/chaosctl/chaosctl/pkg/experiment"
)

// Run checks a probe at its interval until ctx ends, and passes each result on. The ticks do not drift: a check that
// takes long makes the next one late, not all that follow.
func Run(ctx context.Context, p experiment.Probe, w World, each func(event.ProbeChecked)) {
	checked, ok := p.Params.(Probe)
	if !ok {
		return
	}
	ticker := time.NewTicker(p.Interval.Std())
	defer ticker.Stop()
	for {
		result := check(ctx, p, checked, w)
		if ctx.Err() != nil {
			return
		}
		each(result)
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}

// Once checks a probe once. It is false where the context has ended before the check did.
func Once(ctx context.Context, p experiment.Probe, w World) (event.ProbeChecked, bool) {
	checked, ok := p.Params.(Probe)
	if !ok {
		return event.ProbeChecked{}, false
	}
	result := check(ctx, p, checked, w)
	return result, ctx.Err() == nil
}

func check(ctx context.Context, p experiment.Probe, checked Probe, w World) event.ProbeChecked {
	ctx, cancel := context.WithTimeout(ctx, p.Timeout.Std())
	defer cancel()
	start := time.Now()
	err := checked.Measure(ctx, w)
	result := event.ProbeChecked{Name: p.Name, OK: err == nil, Unknown: errors.Is(err, ErrUnknown), Seconds: time.Since(start).Seconds()}
	if err != nil {
		result.Message = shortened(err.Error())
	}
	return result
}

// shortened bounds what one check adds to the log, in bytes.
func shortened(message string) string {
	const most = 1 << 10
	if len(message) <= most {
		return message
	}
	return strings.ToValidUTF8(message[:most], "") + "…"
}
