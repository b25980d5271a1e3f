package experiment

import (
	"math"
	"time"
)

// shortestWindow leaves time to see what a fault does that is over at once.
const shortestWindow = 10 * time.Second

// FaultWindow is the length of the fault window: the one that the experiment asks for, or else the time until the last
// fault has ended, 10 s at the least.
func (s *Spec) FaultWindow() time.Duration {
	if s.Duration != nil {
		return s.Duration.Std()
	}
	window := shortestWindow
	for _, fault := range s.Faults {
		window = max(window, fault.End())
	}
	return window
}

// LastStart is the offset of the fault's last injection from the start of the fault window.
func (fault Fault) LastStart() time.Duration {
	if fault.Repeat == nil {
		return fault.At.Std()
	}
	return add(fault.At.Std(), times(fault.Repeat.Every.Std(), fault.Repeat.Times-1))
}

// End is the offset at which the fault's last injection ends. A fault without a duration ends with the window, so that
// it asks for no more than its start.
func (fault Fault) End() time.Duration {
	if fault.For == nil {
		return fault.LastStart()
	}
	return add(fault.LastStart(), fault.For.Std())
}

// add and times stop at the longest duration instead of overflowing; their operands are zero or more.
func add(a, b time.Duration) time.Duration {
	if a > math.MaxInt64-b {
		return math.MaxInt64
	}
	return a + b
}

func times(d time.Duration, n int) time.Duration {
	if n <= 0 || d <= 0 {
		return 0
	}
	if d > math.MaxInt64/time.Duration(n) {
		return math.MaxInt64
	}
	return d * time.Duration(n)
}
