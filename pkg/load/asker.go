package load

import (
	"context"
	"net/http"
	"strconv"
	"sync"
)

// asker sends the requests of one stream, each in a goroutine of its own, and keeps what became of each until that is taken. The
// pace, the bound of what is in flight, the records and the end of a run are the same whatever is sent.
type asker interface {
	// RoundTrip sends one. They come as requests of net/http, which vegeta makes, whatever the asker makes of them; their number
	// is in a header, see [takeSeq].
	http.RoundTripper
	// take gives the outcome of a request that has ended, and forgets it.
	take(seq uint64) (outcome, bool)
	// mixed says that answers on one connection came from several pods.
	mixed() bool
	// close closes the connections that are kept.
	close()
}

// newAsker is one for a stream, whose requests end with the run.
func newAsker(run context.Context, s Stream) asker {
	if s.TCP != nil {
		return newDialer(run, s)
	}
	return newTransport(run, s)
}

// seqHeader is where vegeta numbers its requests. It is read here and does not leave this process.
const seqHeader = "X-Vegeta-Seq"

func takeSeq(request *http.Request) (uint64, error) {
	return strconv.ParseUint(request.Header.Get(seqHeader), 10, 64)
}

// outcomes are those that were not taken yet. It is safe for use by several goroutines.
type outcomes struct {
	run context.Context
	mu  sync.Mutex
	all map[uint64]outcome
}

func newOutcomes(run context.Context) *outcomes {
	return &outcomes{run: run, all: map[uint64]outcome{}}
}

func (k *outcomes) put(seq uint64, o outcome) {
	o.cancelled = o.err != nil && k.run.Err() != nil
	k.mu.Lock()
	defer k.mu.Unlock()
	k.all[seq] = o
}

func (k *outcomes) take(seq uint64) (outcome, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	o, known := k.all[seq]
	delete(k.all, seq)
	return o, known
}
