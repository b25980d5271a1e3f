package subnet

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestSlotsStayInTheReservedRangeAndApart(t *testing.T) {
	reserved := netip.MustParsePrefix("198.18.0.0/15")
	for slot := range Slots {
		plan := For(slot)
		assert.True(t, reserved.Contains(plan.All().Addr()), "slot %d", slot)
		for other := range slot {
			assert.False(t, plan.All().Overlaps(For(other).All()), "slots %d and %d", slot, other)
		}
	}
}

func TestRangesOfOneLabDoNotOverlap(t *testing.T) {
	plan := For(3)
	ranges := []netip.Prefix{plan.Switch(), plan.Services(), plan.Pods()}
	for i, a := range ranges {
		assert.Equal(t, a, a.Masked(), "%s starts where its mask says", a)
		assert.True(t, plan.All().Contains(a.Addr()))
		for _, b := range ranges[:i] {
			assert.False(t, a.Overlaps(b), "%s and %s", a, b)
		}
	}
	for node := range MaxNodes {
		assert.True(t, plan.Switch().Contains(plan.Node(node)))
		assert.True(t, plan.Pods().Contains(plan.NodePods(node).Addr()))
		assert.NotEqual(t, plan.Host(), plan.Node(node))
	}
	assert.True(t, plan.Services().Contains(plan.DNS()))
}

func TestAddressesOfTheFirstSlot(t *testing.T) {
	plan := For(0)
	assert.Equal(t, "198.18.0.1", plan.ControlPlane().String())
	assert.Equal(t, "198.18.0.11", plan.Node(0).String())
	assert.Equal(t, "198.18.8.1", plan.API().String())
	assert.Equal(t, "198.18.17.0/24", plan.NodePods(1).String())
	assert.Equal(t, "198.18.32.1", For(1).ControlPlane().String())
}
