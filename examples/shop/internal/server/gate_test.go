package server

import (
	"net"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func newGate(t *testing.T) *Gate {
	gate, err := Listen("127.0.0.1:0", time.Now)
	require.NoError(t, err)
	t.Cleanup(func() { _ = gate.Close() })
	return gate
}

// accepting sends on what the gate accepts, and its final error last.
func accepting(gate *Gate) (<-chan net.Conn, <-chan error) {
	conns, failed := make(chan net.Conn, 8), make(chan error, 1)
	go func() {
		for {
			conn, err := gate.Accept()
			if err != nil {
				failed <- err
				return
			}
			conns <- conn
		}
	}()
	return conns, failed
}

func dial(t *testing.T, gate *Gate) net.Conn {
	conn, err := net.Dial("tcp", gate.Addr().String())
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	require.NoError(t, conn.SetDeadline(time.Now().Add(10*time.Second)))
	return conn
}

func TestShutResetsAndRefuses(t *testing.T) {
	gate := newGate(t)
	conns, _ := accepting(gate)
	client := dial(t, gate)
	<-conns

	gate.Shut()
	_, err := client.Read(make([]byte, 1))
	assert.ErrorIs(t, err, syscall.ECONNRESET)
	_, err = net.Dial("tcp", gate.Addr().String())
	assert.ErrorIs(t, err, syscall.ECONNREFUSED)

	_, err = gate.Open()
	require.NoError(t, err)
	dial(t, gate)
	assert.NotNil(t, <-conns, "the same Accept loop goes on")
}

func TestCloseLeavesConnectionsAlone(t *testing.T) {
	gate := newGate(t)
	conns, failed := accepting(gate)
	client := dial(t, gate)
	accepted := <-conns

	require.NoError(t, gate.Close())
	assert.ErrorIs(t, <-failed, net.ErrClosed)
	_, err := gate.Open()
	assert.ErrorIs(t, err, net.ErrClosed)

	_, err = accepted.Write([]byte("x"))
	require.NoError(t, err)
	_, err = client.Read(make([]byte, 1))
	assert.NoError(t, err)
}

func TestCloseEndsAcceptWhileShut(t *testing.T) {
	gate := newGate(t)
	_, failed := accepting(gate)
	gate.Shut()
	require.NoError(t, gate.Close())
	assert.ErrorIs(t, <-failed, net.ErrClosed)
}

func TestOpenReportsATakenPort(t *testing.T) {
	gate := newGate(t)
	gate.Shut()
	thief, err := net.Listen("tcp", gate.Addr().String())
	require.NoError(t, err)
	_, err = gate.Open()
	var call *os.SyscallError
	assert.ErrorAs(t, err, &call)
	require.NoError(t, thief.Close())
	_, err = gate.Open()
	assert.NoError(t, err)
}
