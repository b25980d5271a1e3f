package orders

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// The queues and who reads them. An order is queued under ordersOf its source, and what is done under doneOf it.
const (
	ordersStream = "orders"
	doneStream   = "done"
	workers      = "workers"
)

func ordersOf(source string) string { return ordersStream + "." + source }

func doneOf(source string) string { return doneStream + "." + source }

const (
	// redeliverAfter is when an order is given to another worker that nobody has acknowledged: some time after it should
	// have been done.
	redeliverAfter = 5 * time.Second
	// remember is for how long an order that is queued again is recognised.
	remember = 10 * time.Minute
	startup  = 20 * time.Second
)

// BrokerOptions say where the broker is, and where it keeps what it has.
type BrokerOptions struct {
	Host string
	// Port is chosen by the system where it is negative.
	Port int
	Dir  string
}

// Broker runs a NATS server until ctx ends.
func Broker(ctx context.Context, o BrokerOptions) error {
	b, err := StartBroker(ctx, o)
	if err != nil {
		return err
	}
	<-ctx.Done()
	b.Shutdown()
	b.WaitForShutdown()
	return nil
}

// StartBroker returns once the queues are there; whoever calls shuts it down.
func StartBroker(ctx context.Context, o BrokerOptions) (*server.Server, error) {
	b, err := server.NewServer(&server.Options{Host: o.Host, Port: o.Port, JetStream: true, StoreDir: o.Dir, SyncAlways: true, NoSigs: true})
	if err != nil {
		return nil, err
	}
	b.ConfigureLogger()
	b.Start()
	if !b.ReadyForConnections(startup) {
		b.Shutdown()
		return nil, fmt.Errorf("the broker does not listen within %s", startup)
	}
	if err := declare(ctx, b); err != nil {
		b.Shutdown()
		return nil, err
	}
	return b, nil
}

// declare makes the queues; those that are there already stay as they are.
func declare(ctx context.Context, b *server.Server) (err error) {
	conn, err := nats.Connect("", nats.InProcessServer(b))
	if err != nil {
		return err
	}
	defer conn.Close()
	js, err := jetstream.New(conn)
	if err != nil {
		return err
	}
	for _, name := range []string{ordersStream, doneStream} {
		_, failed := js.CreateOrUpdateStream(ctx, jetstream.StreamConfig{
			Name: name, Subjects: []string{name + ".*"}, Storage: jetstream.FileStorage, MaxAge: time.Hour, Duplicates: remember,
		})
		err = errors.Join(err, failed)
	}
	if err != nil {
		return err
	}
	_, err = js.CreateOrUpdateConsumer(ctx, ordersStream, jetstream.ConsumerConfig{Durable: workers, AckPolicy: jetstream.AckExplicitPolicy, AckWait: redeliverAfter})
	return err
}

// connect waits for a broker that is not there yet, or is away.
func connect(url string) (*nats.Conn, jetstream.JetStream, error) {
	conn, err := nats.Connect(url, nats.RetryOnFailedConnect(true), nats.MaxReconnects(-1), nats.ReconnectWait(200*time.Millisecond))
	if err != nil {
		return nil, nil, err
	}
	js, err := jetstream.New(conn)
	if err != nil {
		conn.Close()
		return nil, nil, err
	}
	return conn, js, nil
}
