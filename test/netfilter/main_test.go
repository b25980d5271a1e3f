package netfilter

import (
	"fmt"
	"os"
	"testing"

	"github.com/chaosctl/chaosctl/pkg/netfilter"
)

// killed in the environment makes this process one that puts a rule in force, says so, and waits to be killed.
const killed = "CHAOSCTL_TEST_NETFILTER_KILLED"

func TestMain(m *testing.M) {
	if os.Getenv(killed) != "" {
		if _, err := netfilter.Install(netfilter.Rule{Action: netfilter.Drop, Direction: netfilter.In}, netfilter.RedirectIn(netfilter.TCP, 1, 8080)); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Println("in force")
		select {}
	}
	if os.Geteuid() != 0 {
		fmt.Fprintln(os.Stderr, "these tests make network namespaces, which needs root: run them with sudo env PATH=$PATH go test ./netfilter/")
		os.Exit(1)
	}
	os.Exit(m.Run())
}
