package server

import (
	"context"
	"errors"
	"net/http"
	"os"
	"time"
)

// stop ends the service, gracefully unless the weakness abrupt-stop is set.
func (s *Server) stop(web *http.Server, gate *Gate, sig os.Signal) error {
	s.Log.Event("stopping", "signal", sig.String())
	s.Readiness.Hold(holdStopping, "the process has been asked to stop")
	if s.Weakness.AbruptStop {
		return s.stopAbruptly(web, gate)
	}
	return s.stopGracefully(web, gate)
}

// stopGracefully serves on for the drain delay, because SIGTERM and the
// removal of the pod from its Service happen at the same time and the removal
// takes longer to reach every node. In that time each answer asks its client
// to connect anew, which leads it to another pod. Only then does the port
// close, and requests still in flight get time to finish.
func (s *Server) stopGracefully(web *http.Server, gate *Gate) error {
	time.Sleep(s.Drain)

	_ = gate.Close()
	s.Log.Event("closed")

	ctx, cancel := context.WithTimeout(context.Background(), finishWithin)
	defer cancel()
	err := web.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		return errors.Join(errors.New("requests were still in flight at the end of the stop"), web.Close())
	}
	return err
}

// stopAbruptly is what a server without any handling of SIGTERM looks like to
// its clients: the port and all connections are gone at once.
func (s *Server) stopAbruptly(web *http.Server, gate *Gate) error {
	at := gate.Shut()
	_ = gate.Close()
	s.Log.EventAt(at, "closed")
	return web.Close()
}
