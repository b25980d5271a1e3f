package server

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/chaosctl/chaosctl/examples/shop/internal/truth"
)

// Limits of the outage control.
const (
	longestOutage = 10 * time.Minute
	reopenEvery   = time.Millisecond
)

// Outage is a time in which the process could not be reached. Start is the
// instant just after the port was closed and every connection reset; End the
// instant just after the port was open again.
type Outage struct {
	Start truthTime  `json:"start"`
	End   *truthTime `json:"end,omitempty"` // nil while it lasts
}

// truthTime is an instant that is written the way the truth log writes it.
type truthTime time.Time

func (t truthTime) MarshalJSON() ([]byte, error) { return json.Marshal(truth.Format(time.Time(t))) }

// outages takes a gate down on request, one outage at a time.
type outages struct {
	gate *Gate
	log  *truth.Log

	mu   sync.Mutex
	past []Outage
	down bool
}

func newOutages(gate *Gate, log *truth.Log) *outages {
	return &outages{gate: gate, log: log, past: []Outage{}}
}

func (o *outages) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /control/outage", o.post)
	mux.HandleFunc("GET /control/outages", o.list)
	return mux
}

// post begins an outage and answers as soon as the process is down.
func (o *outages) post(w http.ResponseWriter, r *http.Request) {
	length, err := time.ParseDuration(r.URL.Query().Get("for"))
	if err != nil || length <= 0 || length > longestOutage {
		http.Error(w, fmt.Sprintf("want ?for= with a duration up to %s, such as 700ms", longestOutage), http.StatusBadRequest)
		return
	}
	outage, err := o.begin(length)
	if err != nil {
		http.Error(w, err.Error(), http.StatusConflict)
		return
	}
	writeJSON(w, http.StatusAccepted, outage)
}

func (o *outages) list(w http.ResponseWriter, _ *http.Request) {
	o.mu.Lock()
	defer o.mu.Unlock()
	writeJSON(w, http.StatusOK, o.past)
}

func (o *outages) begin(length time.Duration) (Outage, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.down {
		return Outage{}, errors.New("an outage is under way")
	}
	start := o.gate.Shut()
	time.AfterFunc(length, o.end)
	o.log.EventAt(start, "down", "for", length.String())
	outage := Outage{Start: truthTime(start)}
	o.past, o.down = append(o.past, outage), true
	return outage, nil
}

// end opens the gate. Something else may hold the port for a moment, so it
// tries until it succeeds or the process stops.
func (o *outages) end() {
	end, err := o.gate.Open()
	for err != nil {
		if errors.Is(err, net.ErrClosed) {
			return
		}
		time.Sleep(reopenEvery)
		end, err = o.gate.Open()
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.log.EventAt(end, "up")
	at := truthTime(end)
	o.past[len(o.past)-1].End, o.down = &at, false
}

func writeJSON(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(value) // the client went away: nothing to do
}
