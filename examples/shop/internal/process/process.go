// Package process is the border to the operating system: environment,
// standard streams and signals enter the shop here and nowhere else.
package process

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	"github.com/chaosctl/chaosctl/examples/shop/internal/metrics"
	"github.com/chaosctl/chaosctl/examples/shop/internal/server"
	"github.com/chaosctl/chaosctl/examples/shop/internal/truth"
	"github.com/chaosctl/chaosctl/examples/shop/internal/weakness"
)

// DefaultDrain is how long a stopping process serves on. A change of an
// EndpointSlice usually reaches every node in well under a second.
const DefaultDrain = 3 * time.Second

// Env is what a process is given.
type Env struct {
	Getenv   func(string) string
	Hostname string
	Stdout   io.Writer // the truth log
	Stderr   io.Writer // why the process refused to start or failed
	Signals  <-chan os.Signal
}

// FromOS returns the real environment. From here on SIGTERM and SIGINT are
// delivered to Signals only.
func FromOS() Env {
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	hostname, _ := os.Hostname() // an empty name in a header is better than no shop
	return Env{Getenv: os.Getenv, Hostname: hostname, Stdout: os.Stdout, Stderr: os.Stderr, Signals: signals}
}

// Main runs one service and returns the exit code of its process: 0 after a
// stop that was asked for, 1 with a message otherwise.
func Main(env Env, run func(Env) error) int {
	if err := run(env); err != nil {
		fmt.Fprintf(env.Stderr, "error: %v\n", err)
		return 1
	}
	return 0
}

// Server makes the server of a service from the environment, and logs the
// start of the process.
func (e Env) Server(service string) (*server.Server, error) {
	weaknesses := e.Getenv("SHOP_WEAKNESS")
	set, err := weakness.Parse(weaknesses, service)
	if err != nil {
		return nil, fmt.Errorf("SHOP_WEAKNESS: %w", err)
	}
	drain, err := e.Duration("SHOP_DRAIN", DefaultDrain)
	if err != nil {
		return nil, err
	}
	addr, err := e.port("PORT", 8080)
	if err != nil {
		return nil, err
	}
	control, err := e.controlAddr()
	if err != nil {
		return nil, err
	}
	pod := cmp.Or(e.Getenv("POD_NAME"), e.Hostname)
	log := truth.New(e.Stdout, service, pod)
	log.Event("starting", "weakness", weaknesses)
	return server.New(server.Options{
		Pod: pod, Addr: addr, ControlAddr: control, Drain: drain, Weakness: set,
		Random: rand.Float64, Log: log, Metrics: &metrics.Registry{},
	}), nil
}

// Duration reads a Go duration that is not negative.
func (e Env) Duration(name string, otherwise time.Duration) (time.Duration, error) {
	text := e.Getenv(name)
	if text == "" {
		return otherwise, nil
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 {
		return 0, fmt.Errorf("%s is %q; want a duration such as 3s", name, text)
	}
	return d, nil
}

func (e Env) controlAddr() (string, error) {
	switch e.Getenv("SHOP_CONTROL") {
	case "", "0":
		return "", nil
	case "1":
		return e.port("CONTROL_PORT", 8081)
	}
	return "", errors.New("SHOP_CONTROL is neither 0 nor 1")
}

func (e Env) port(name string, otherwise uint16) (string, error) {
	number := uint64(otherwise)
	if text := e.Getenv(name); text != "" {
		parsed, err := strconv.ParseUint(text, 10, 16)
		if err != nil {
			return "", fmt.Errorf("%s is %q; want a port number", name, text)
		}
		number = parsed
	}
	return net.JoinHostPort("", strconv.FormatUint(number, 10)), nil
}
