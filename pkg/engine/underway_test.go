package engine

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"k8s.io/apimachinery/pkg/types"

	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/inject"
)

func deletions(uids ...types.UID) []inject.Change {
	var changes []inject.Change
	for _, uid := range uids {
		changes = append(changes, inject.Change{Object: inject.Object{UID: uid}, Delete: &inject.Delete{}})
	}
	return append(changes, inject.Change{Object: inject.Object{UID: "node"}, Edit: &inject.Edit{}})
}

func TestUnderway(t *testing.T) {
	set := func(uids ...types.UID) map[types.UID]bool { return removed(deletions(uids...)) }
	var u underway
	assert.Empty(t, u.pods())
	first := u.begin(deletions("a", "b"))
	before := u.pods()
	second := u.begin(deletions("b", "c"))
	assert.Equal(t, set("a", "b"), before, "who has asked keeps what was told")
	assert.Equal(t, set("a", "b", "c"), u.pods())
	first()
	assert.Equal(t, set("b", "c"), u.pods(), "another still takes b away")
	second()
	assert.Empty(t, u.pods())
}

// TestBeside: the plan shows at once that faults of one instant are too much together.
func TestBeside(t *testing.T) {
	p := &Plan{Injections: []Injection{
		{At: 0, Changes: deletions("a")}, {At: time.Second, Changes: deletions("b")}, {At: 0, Changes: deletions("c")}, {At: 0, Changes: deletions("d")},
	}}
	assert.Empty(t, p.beside(0))
	assert.Empty(t, p.beside(1))
	assert.Equal(t, removed(deletions("a", "c")), p.beside(3))
}

func TestOrder(t *testing.T) {
	p := &Plan{Injections: schedule([]experiment.Fault{
		{Name: "a", At: experiment.Duration(time.Second), Repeat: &experiment.Repeat{Every: experiment.Duration(time.Second), Times: 2}},
		{Name: "b"}, {Name: "c", At: experiment.Duration(2 * time.Second)},
	})}
	assert.Equal(t, []int{2, 0, 1, 3}, p.order(), "by time, and then as in the file")
}
