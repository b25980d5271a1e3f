package monitor

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"
)

// Listen serves the monitor at an address until ctx ends. The error says that nobody can listen there. It returns at once; done is
// closed when nothing is served any more.
func (m *Monitor) Listen(ctx context.Context, address string) (at net.Addr, done <-chan struct{}, err error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, nil, fmt.Errorf("nothing can be served at %s: %w", address, err)
	}
	server := &http.Server{
		Handler: m.Handler(), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 5 * time.Second, WriteTimeout: 10 * time.Second,
		IdleTimeout: time.Minute, MaxHeaderBytes: 8 << 10,
	}
	ended := make(chan struct{})
	go func() {
		<-ctx.Done()
		_ = server.Close()
	}()
	go func() {
		defer close(ended)
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			m.Ready(false)
		}
	}()
	return listener.Addr(), ended, nil
}
