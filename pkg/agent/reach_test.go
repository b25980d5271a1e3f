package agent_test

import (
	"bufio"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/pkg/agent"
)

// TestReach: it is in effect once something is reached, and then tells what is each time that it is asked.
func TestReach(t *testing.T) {
	listen := func(address string) net.Listener {
		l, err := net.Listen("tcp", address)
		require.NoError(t, err)
		t.Cleanup(func() { _ = l.Close() })
		return l
	}
	one, gone := listen("127.0.0.1:0"), listen("127.0.0.1:0")
	require.NoError(t, gone.Close())
	address := one.Addr().String()
	_, port, err := net.SplitHostPort(address)
	require.NoError(t, err)
	in, say := io.Pipe()
	heard, out := io.Pipe()
	ended := make(chan agent.Report, 1)
	go func() {
		task := &agent.Reach{Addresses: []string{net.JoinHostPort("localhost", port), gone.Addr().String()}}
		ended <- agent.Run(t.Context(), task, agent.Terms{For: time.Minute, Until: time.Now().Add(time.Minute)}, in, out)
	}()
	lines := bufio.NewScanner(heard)
	next := func() string {
		require.True(t, lines.Scan())
		return lines.Text()
	}
	assert.Equal(t, agent.Started, next())
	look := func(question string) []string {
		_, err := io.WriteString(say, agent.Look+" "+question+"\n")
		require.NoError(t, err)
		seen, ok := agent.SeenIn(next(), question)
		require.True(t, ok)
		return seen
	}
	assert.Equal(t, []string{address}, look("1"), "by number, and without what takes no connection")
	require.NoError(t, one.Close())
	assert.Empty(t, look("2"))
	_, err = io.WriteString(say, agent.Stop+"\n")
	require.NoError(t, err)
	r := <-ended
	assert.Equal(t, agent.Stopped, r.End)
	assert.True(t, strings.HasPrefix(r.Did, "reached "), r.Did)
}

func TestReachesNothing(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, l.Close())
	r := agent.Run(t.Context(), &agent.Reach{Addresses: []string{l.Addr().String()}}, agent.Terms{For: 300 * time.Millisecond, Until: time.Now().Add(time.Minute)}, strings.NewReader(""), io.Discard)
	assert.Equal(t, agent.Failed, r.End)
	assert.Contains(t, r.Error, "none took a connection")
}

func TestSeenIn(t *testing.T) {
	for line, want := range map[string][]string{
		"seen 7: 192.0.2.1:80 [::1]:443": {"192.0.2.1:80", "[::1]:443"}, "seen 7:": {}, "seen 8: 192.0.2.1:80": nil, "started": nil, "": nil,
	} {
		seen, ok := agent.SeenIn(line, "7")
		assert.Equal(t, want != nil, ok, line)
		assert.ElementsMatch(t, want, seen, line)
	}
}
