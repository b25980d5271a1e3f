package probe

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/chaosctl/chaosctl/pkg/access"
	"github.com/chaosctl/chaosctl/pkg/experiment"
)

var _ = registry.Add(Definition{
	Name:    "tcp",
	Summary: "A port accepts connections, and answers with an expected text.",
	Example: `
- name: redis
  tcp: {address: "redis.shop.example:6379", send: 'PING\r\n', expect: +PONG}
- name: database
  tcp: {address: "10.0.0.7:5432"}
`,
	New: func() Probe { return &TCP{} },
})

// TCP opens a connection of its own for each check, and closes it. No connection is a failure, since the condition is
// that there is one.
type TCP struct {
	// Address is host:port, as it can be reached from where chaosctl runs.
	Address string `json:"address" form:"address"`
	// Send is written once the connection is there; nothing is unless told otherwise. \r, \n, \t, \\ and \x00 to \xFF
	// stand for bytes, where the text stands in single quotes or in none.
	Send Bytes `json:"send,omitempty"`
	// Expect is what the answer must begin with, of the same form, 1 KiB at the most. No more than that is read.
	// Without it, the connection is all that is asked for.
	Expect Bytes `json:"expect,omitempty"`
}

// maxExchange bounds what is sent, and what is expected.
const maxExchange = 1 << 10

// Check refuses what is no address, and texts that are too long.
func (p *TCP) Check(c *experiment.Check) {
	checkAddress(c, "address", p.Address)
	for field, text := range map[string]Bytes{"send": p.Send, "expect": p.Expect} {
		if len(text) > maxExchange {
			c.Fail(field, "the text has %d bytes: expected %d at most", len(text), maxExchange)
		}
	}
}

// Needs is nothing: the address is not the API server's.
func (p *TCP) Needs(access.Scope) []access.Need { return nil }

// Measure connects once.
func (p *TCP) Measure(ctx context.Context, _ World) error {
	conn, end, err := dial(ctx, "tcp", p.Address)
	if err != nil {
		return err
	}
	defer end()
	if _, err := io.WriteString(conn, string(p.Send)); err != nil {
		return fmt.Errorf("nothing could be sent: %w", err)
	}
	return expect(conn, string(p.Expect))
}

// expect reads until the answer begins with a text, or cannot any more.
func expect(from io.Reader, want string) error {
	answer := make([]byte, 0, len(want))
	for len(answer) < len(want) {
		n, err := from.Read(answer[len(answer):len(want)])
		answer = answer[:len(answer)+n]
		switch {
		case !strings.HasPrefix(want, string(answer)):
			return fmt.Errorf("the answer began with %s, not with %s", excerpt(string(answer)), excerpt(want))
		case len(answer) == len(want):
		case errors.Is(err, io.EOF):
			return fmt.Errorf("the connection was closed after %s", received(answer))
		case isLate(err):
			return fmt.Errorf("no whole answer in time, but %s: %w", received(answer), err)
		case err != nil:
			return fmt.Errorf("the connection broke after %s: %w", received(answer), err)
		}
	}
	return nil
}

func received(answer []byte) string {
	if len(answer) == 0 {
		return "nothing"
	}
	return excerpt(string(answer))
}
