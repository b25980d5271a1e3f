package apply

import (
	"net"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/pkg/inject"
)

// TestCutOff: what takes no connection after a creation, and took one before, is cut off; what never took one tells nothing.
func TestCutOff(t *testing.T) {
	listen := func() net.Listener {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		t.Cleanup(func() { _ = l.Close() })
		return l
	}
	one, other, gone := listen(), listen(), listen()
	require.NoError(t, gone.Close())
	a := &Applier{}
	cut := func(addresses ...string) creation {
		return creation{a, &inject.Change{Create: &inject.Create{Cut: &inject.Cut{Addresses: addresses}}}}
	}
	both, never, none := cut(one.Addr().String(), gone.Addr().String(), other.Addr().String()), cut(gone.Addr().String()), cut()
	for _, n := range []creation{both, never, none} {
		n.lookBefore(t.Context())
	}
	require.ErrorContains(t, both.cutsOff(t.Context()), one.Addr().String()+", "+other.Addr().String()+" still takes connections")
	require.NoError(t, one.Close())
	require.ErrorContains(t, both.cutsOff(t.Context()), other.Addr().String()+" still takes connections")
	require.NoError(t, other.Close())
	require.NoError(t, both.cutsOff(t.Context()))
	require.ErrorContains(t, never.cutsOff(t.Context()), "took a connection from here before either")
	require.ErrorContains(t, none.cutsOff(t.Context()), "no pod of the target listens")
	assert.NoError(t, creation{a, squeezed()}.cutsOff(t.Context()), "most creations cut nothing off")
}
