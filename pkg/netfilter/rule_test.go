package netfilter_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/chaosctl/chaosctl/pkg/netfilter"
)

func TestCheck(t *testing.T) {
	for _, sound := range []netfilter.Rule{
		{Action: netfilter.Drop, Direction: netfilter.In},
		{Action: netfilter.Drop, Direction: netfilter.Out, Protocol: netfilter.UDP, Ports: []uint16{53}, Share: 0.5},
		{Action: netfilter.Reset, Direction: netfilter.In, At: netfilter.Connect},
		netfilter.RedirectIn(netfilter.TCP, 15000, 80, 8080),
		netfilter.RedirectOut(netfilter.UDP, 15000, nil, 53),
		netfilter.RedirectOut(netfilter.TCP, 15000, nil),
	} {
		assert.NoError(t, sound.Check(), "%+v", sound)
	}
	for want, bad := range map[string]netfilter.Rule{
		"action":                             {Direction: netfilter.In},
		"direction":                          {Action: netfilter.Drop},
		"protocol":                           {Action: netfilter.Drop, Direction: netfilter.In, Protocol: "icmp"},
		"moment":                             {Action: netfilter.Drop, Direction: netfilter.In, At: netfilter.Connect},
		"UDP":                                {Action: netfilter.Reset, Direction: netfilter.In, Protocol: netfilter.UDP},
		"share":                              {Action: netfilter.Drop, Direction: netfilter.In, Share: 1.5},
		"port 0":                             {Action: netfilter.Drop, Direction: netfilter.In, Ports: []uint16{0}},
		"has a port to which it goes":        {Action: netfilter.Redirect, Direction: netfilter.In, Protocol: netfilter.TCP, Ports: []uint16{1}},
		"nothing else has":                   {Action: netfilter.Drop, Direction: netfilter.In, To: 1},
		"from which it comes":                netfilter.RedirectIn(netfilter.UDP, 1),
		"a redirection has a protocol":       netfilter.RedirectIn("", 1, 2),
		`there is no moment "in the middle"`: {Action: netfilter.Reset, Direction: netfilter.In, At: "in the middle"},
	} {
		require.ErrorContains(t, bad.Check(), want, "%+v", bad)
	}
}
