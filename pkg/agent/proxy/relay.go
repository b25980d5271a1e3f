package proxy

import (
	"context"
	"io"
	"net"
	"sync"
)

// relay passes on what comes from either side until both have ended, and closes them. What has been read of the client ahead is
// the start of from. The copies take from the one and give to the other, and end with what they take from.
func (c *connections) relay(client, server *net.TCPConn, from io.Reader, there, back copying) {
	removeClient, removeServer := c.add(client), c.add(server)
	defer removeClient()
	defer removeServer()
	var both sync.WaitGroup
	way := func(to, of *net.TCPConn, from io.Reader, copying copying) {
		if err := copying(to, from); err != nil {
			reset(to) // what has failed on one side has failed on the other
			reset(of)
			return
		}
		_ = to.CloseWrite()
	}
	both.Go(func() { way(server, client, from, there) })
	both.Go(func() { way(client, server, server, back) })
	both.Wait()
	client.Close()
	server.Close()
}

// copying passes on until there is no more.
type copying func(to io.Writer, from io.Reader) error

func untouched(to io.Writer, from io.Reader) error {
	_, err := io.Copy(to, from)
	return err
}

// dial connects to where a connection was going to.
func dial(d *net.Dialer, client net.Conn, origin Origin) (*net.TCPConn, error) {
	to, err := origin(client)
	if err != nil {
		return nil, err
	}
	conn, err := d.DialContext(context.Background(), "tcp", to.String())
	if err != nil {
		return nil, err
	}
	return conn.(*net.TCPConn), nil
}
