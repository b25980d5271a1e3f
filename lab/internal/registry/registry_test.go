//go:build unix

package registry

import (
	"context"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/lab/internal/subnet"
)

func free(netip.Prefix) bool { return false }

func open(t *testing.T) *Registry {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "labs")
	require.NoError(t, os.Mkdir(dir, 0o755))
	return Open(dir)
}

func TestReserveGivesEachLabASlotOfItsOwn(t *testing.T) {
	r := open(t)
	a, err := r.Reserve(Record{Name: "a"}, free)
	require.NoError(t, err)
	b, err := r.Reserve(Record{Name: "b"}, free)
	require.NoError(t, err)
	assert.Equal(t, []int{0, 1}, []int{a.Slot, b.Slot})

	require.NoError(t, r.Forget("a"))
	c, err := r.Reserve(Record{Name: "c"}, free)
	require.NoError(t, err)
	assert.Equal(t, 0, c.Slot, "a slot that was given back is used again")
}

func TestReserveSkipsARangeThatTheHostUses(t *testing.T) {
	r := open(t)
	record, err := r.Reserve(Record{Name: "a"}, subnet.For(0).All().Overlaps)
	require.NoError(t, err)
	assert.Equal(t, 1, record.Slot)
}

func TestReserveSaysWhenAllSlotsAreTaken(t *testing.T) {
	_, err := open(t).Reserve(Record{Name: "a"}, func(netip.Prefix) bool { return true })
	assert.ErrorContains(t, err, "all 16 places")
}

func TestForgetLeavesNothing(t *testing.T) {
	r := open(t)
	releaseLab, err := r.Lock(t.Context(), "a", nil)
	require.NoError(t, err)
	release, err := r.Lock(t.Context(), "", nil)
	require.NoError(t, err)
	_, err = r.Reserve(Record{Name: "a"}, free)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(r.dir, ".a-123"), nil, 0o600))

	require.NoError(t, r.Forget("a"))
	release()
	releaseLab()
	assert.NoDirExists(t, r.dir)
	_, err = r.Load("a")
	assert.ErrorIs(t, err, ErrNotFound)
}

func TestLockExcludesAndSurvivesItsOwnRemoval(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x", "lock")
	var inside, most atomic.Int32
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			release, err := LockFile(context.Background(), path, nil)
			if !assert.NoError(t, err) {
				return
			}
			most.Store(max(most.Load(), inside.Add(1)))
			inside.Add(-1)
			os.RemoveAll(filepath.Dir(path))
			release()
		})
	}
	wg.Wait()
	assert.EqualValues(t, 1, most.Load())
}

func TestLockStopsWaitingWithItsContext(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	release, err := LockFile(t.Context(), path, nil)
	require.NoError(t, err)
	defer release()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	told := 0
	_, err = LockFile(ctx, path, func() { told++ })
	assert.ErrorIs(t, err, context.DeadlineExceeded)
	assert.Equal(t, 1, told)
}
