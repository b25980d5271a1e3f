package engine

import (
	"maps"
	"sync"

	"k8s.io/apimachinery/pkg/types"

	"github.com/chaosctl/chaosctl/pkg/inject"
)

// underway holds the injections that have passed the guards, and of which the API server has not answered for all
// changes. Until then a list may show their pods as ready; from then on it shows what has become of them, and that is
// what counts. Its methods may be called by several goroutines at once.
type underway struct {
	mu   sync.Mutex
	all  map[int]map[types.UID]bool
	next int
}

// begin adds the pods that the changes take away. The caller calls finished once.
func (u *underway) begin(changes []inject.Change) (finished func()) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.all == nil {
		u.all = map[int]map[types.UID]bool{}
	}
	n := u.next
	u.next++
	u.all[n] = removed(changes)
	return func() {
		u.mu.Lock()
		defer u.mu.Unlock()
		delete(u.all, n)
	}
}

// pods are those that are being taken away. To be sure of them, ask before the pods are listed.
func (u *underway) pods() map[types.UID]bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	pods := map[types.UID]bool{}
	for _, of := range u.all {
		maps.Copy(pods, of)
	}
	return pods
}
