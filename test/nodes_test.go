package e2e

import (
	"context"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/test/internal/binary"
)

// apart is the cluster of the tests that do something to nodes. What is done to a node is done to the pods of everybody on it,
// so such tests have it one after another; but all others go on beside them.
var apart secondLab

// secondLab is a lab that is started when a test asks for it, once.
type secondLab struct {
	taken sync.Mutex // by a test, until it ends

	mu      sync.Mutex // guards what follows
	cluster *cluster
	remove  func() error
}

// takeNodes waits for a cluster whose nodes nobody else uses, and keeps it until the test ends.
func takeNodes(t *testing.T) *cluster {
	t.Helper()
	apart.taken.Lock()
	t.Cleanup(apart.taken.Unlock)
	c, err := apart.start(t.Context())
	require.NoError(t, err)
	return c
}

func (s *secondLab) start(ctx context.Context) (*cluster, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cluster != nil {
		return s.cluster, nil
	}
	var err error
	s.cluster, s.remove, err = boot(ctx, binary.LabName("e2e")+"-n")
	return s.cluster, err
}

// stop removes the lab, if any test asked for it.
func (s *secondLab) stop() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.remove == nil {
		return nil
	}
	return s.remove()
}
