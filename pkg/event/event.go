package event

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"time"
)

// Instant is a moment of a run: the time since its monotonic base. In JSON it is a number of seconds.
type Instant time.Duration

// Seconds is the instant as a number of seconds.
func (i Instant) Seconds() float64 { return time.Duration(i).Seconds() }

// Sub is the time from j to i.
func (i Instant) Sub(j Instant) time.Duration { return time.Duration(i - j) }

// Add is the instant d after i.
func (i Instant) Add(d time.Duration) Instant { return i + Instant(d) }

// MarshalJSON writes seconds, exactly, with as many of nine decimals as are needed.
func (i Instant) MarshalJSON() ([]byte, error) {
	sign, n := "", uint64(i)
	if i < 0 {
		sign, n = "-", -n
	}
	text := fmt.Appendf(nil, "%s%d.%09d", sign, n/1e9, n%1e9)
	return bytes.TrimSuffix(bytes.TrimRight(text, "0"), []byte(".")), nil
}

// UnmarshalJSON reads seconds, to the nanosecond in runs of up to 48 days.
func (i *Instant) UnmarshalJSON(text []byte) error {
	v, err := strconv.ParseFloat(string(text), 64)
	if err != nil {
		return fmt.Errorf("an instant is a number of seconds: %w", err)
	}
	*i = Instant(math.Round(v * 1e9))
	return nil
}

// Payload is the typed content of an event; Type names it in the log.
type Payload interface{ Type() string }

// Event is one line of the log.
type Event struct {
	// At is when the event was observed, not when it was written.
	At      Instant
	Payload Payload
}

type line struct {
	At   Instant         `json:"t"`
	Type string          `json:"type"`
	Data json.RawMessage `json:"data,omitempty"`
}

// MarshalJSON writes {"t": seconds, "type": …, "data": {…}}.
func (e Event) MarshalJSON() ([]byte, error) {
	data, err := json.Marshal(e.Payload)
	if err != nil {
		return nil, err
	}
	return json.Marshal(line{At: e.At, Type: e.Payload.Type(), Data: data})
}

// UnmarshalJSON reads what MarshalJSON wrote. An event of an unknown type, from a newer version, becomes [Unknown].
func (e *Event) UnmarshalJSON(text []byte) error {
	var l line
	if err := json.Unmarshal(text, &l); err != nil {
		return err
	}
	decode, known := decoders[l.Type]
	if !known {
		*e = Event{At: l.At, Payload: Unknown{Name: l.Type}}
		return nil
	}
	payload, err := decode(l.Data)
	if err != nil {
		return fmt.Errorf("event %s: %w", l.Type, err)
	}
	*e = Event{At: l.At, Payload: payload}
	return nil
}

// decoders reads each type of payload. It is a table, never changed.
var decoders = func() map[string]func(json.RawMessage) (Payload, error) {
	table := map[string]func(json.RawMessage) (Payload, error){}
	add := func(name string, decode func(json.RawMessage) (Payload, error)) { table[name] = decode }
	add(RunStarted{}.Type(), as[RunStarted])
	add(Planned{}.Type(), as[Planned])
	add(StreamStarted{}.Type(), as[StreamStarted])
	add(StreamEnded{}.Type(), as[StreamEnded])
	add(PhaseStarted{}.Type(), as[PhaseStarted])
	add(PhaseEnded{}.Type(), as[PhaseEnded])
	add(ChangeUpdated{}.Type(), as[ChangeUpdated])
	add(PodObserved{}.Type(), as[PodObserved])
	add(EndpointObserved{}.Type(), as[EndpointObserved])
	add(WorkloadObserved{}.Type(), as[WorkloadObserved])
	add(ScalerObserved{}.Type(), as[ScalerObserved])
	add(Happened{}.Type(), as[Happened])
	add(NodeObserved{}.Type(), as[NodeObserved])
	add(WatchMeasured{}.Type(), as[WatchMeasured])
	add(WatchInterrupted{}.Type(), as[WatchInterrupted])
	add(WatchResumed{}.Type(), as[WatchResumed])
	add(ProbeChecked{}.Type(), as[ProbeChecked])
	add(TargetConfigured{}.Type(), as[TargetConfigured])
	add(TargetRead{}.Type(), as[TargetRead])
	add(ValuesRead{}.Type(), as[ValuesRead])
	add(DeclaredCompared{}.Type(), as[DeclaredCompared])
	add(Noted{}.Type(), as[Noted])
	add(RunEnded{}.Type(), as[RunEnded])
	return table
}()

func as[P Payload](data json.RawMessage) (Payload, error) {
	var p P
	err := json.Unmarshal(data, &p)
	return p, err
}
