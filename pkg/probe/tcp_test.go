package probe_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/chaosctl/chaosctl/pkg/probe"
)

func TestTCP(t *testing.T) {
	quiet := serve(t, silent)
	echo := serve(t, func(conn net.Conn) {
		line, _ := bufio.NewReader(conn).ReadString('\n')
		_, _ = io.WriteString(conn, "+"+line)
		silent(conn)
	})
	parts := serve(t, func(conn net.Conn) {
		_, _ = io.WriteString(conn, "220 ma")
		time.Sleep(20 * time.Millisecond) // two packets
		_, _ = io.WriteString(conn, "il\r\n")
		silent(conn)
	})
	short := serve(t, func(conn net.Conn) { _, _ = io.WriteString(conn, "22") })
	cut := serve(t, func(conn net.Conn) {
		_ = conn.(*net.TCPConn).SetLinger(0)
		_, _ = io.ReadFull(conn, make([]byte, 1))
	})
	endless := serve(t, flood)
	const late = 200 * time.Millisecond
	for name, c := range map[string]struct {
		probe   probe.TCP
		timeout time.Duration
		want    outcome
	}{
		"connects":                {probe.TCP{Address: quiet}, 5 * time.Second, holds()},
		"sends":                   {probe.TCP{Address: quiet, Send: "x"}, 5 * time.Second, holds()},
		"answers":                 {probe.TCP{Address: echo, Send: "PING\r\n", Expect: "+PING\r"}, 5 * time.Second, holds()},
		"answers in parts":        {probe.TCP{Address: parts, Expect: "220 mail"}, 5 * time.Second, holds()},
		"answers otherwise":       {probe.TCP{Address: echo, Send: "PING\n", Expect: "-PING"}, 5 * time.Second, fails(`the answer began with "+PING", not with "-PING"`)},
		"answers less, otherwise": {probe.TCP{Address: echo, Send: "P\n", Expect: "+PONG and more"}, 5 * time.Second, fails(`the answer began with "+P\n", not with`)},
		"closes half way":         {probe.TCP{Address: short, Expect: "220"}, 5 * time.Second, fails(`the connection was closed after "22"`)},
		"resets":                  {probe.TCP{Address: cut, Send: "xy", Expect: "220"}, 5 * time.Second, fails("the connection broke after nothing")},
		"says nothing":            {probe.TCP{Address: quiet, Expect: "220"}, late, fails("no whole answer in time, but nothing")},
		"says too little":         {probe.TCP{Address: echo, Send: "22\n", Expect: "+22\n0"}, late, fails(`no whole answer in time, but "+22\n"`)},
		"floods":                  {probe.TCP{Address: endless, Expect: "220"}, 5 * time.Second, fails(`the answer began with "\x00\x00\x00"`)},
		"floods as expected":      {probe.TCP{Address: endless, Expect: "\x00\x00"}, 5 * time.Second, holds()},
		"refuses":                 {probe.TCP{Address: nobody(t)}, 5 * time.Second, fails("connection refused")},
		"does not accept":         {probe.TCP{Address: deaf(t)}, late, fails("no connection in time")},
		"cannot be resolved":      {probe.TCP{Address: "nobody.invalid:80"}, 3 * time.Second, fails("nobody.invalid")},
	} {
		t.Run(name, func(t *testing.T) { measured(t, &c.probe, c.timeout, c.want) })
	}
}

// TestTCPEndsWithItsRun: not only time ends a check, the end of the run does too.
func TestTCPEndsWithItsRun(t *testing.T) {
	connected := make(chan struct{})
	address := serve(t, func(conn net.Conn) {
		close(connected)
		silent(conn)
	})
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-connected
		cancel()
	}()
	assert.Error(t, (&probe.TCP{Address: address, Expect: "x"}).Measure(ctx, nil))
}

func TestBytes(t *testing.T) {
	for text, want := range map[string]string{
		`PING\r\n`: "PING\r\n", `\x00\xfF`: "\x00\xff", `\\r`: `\r`, "a\nb\t": "a\nb\t", `"quoted" 'é'`: `"quoted" 'é'`, "": "", `\\`: `\`,
	} {
		var b probe.Bytes
		require.NoError(t, b.UnmarshalText([]byte(text)), text)
		assert.Equal(t, want, string(b), text)
	}
	for _, text := range []string{`\`, `\q`, `\x1`, `\u0041`, `\"`, `\101`, `a\`} {
		assert.ErrorContains(t, new(probe.Bytes).UnmarshalText([]byte(text)), "begins no escape", text)
	}
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.SliceOf(rapid.Byte()).Draw(t, "bytes")
		text, err := probe.Bytes(want).MarshalText()
		require.NoError(t, err)
		var got probe.Bytes
		require.NoError(t, got.UnmarshalText(text))
		require.Equal(t, string(want), string(got))
	})
}
