package experiment

// Destination is what all kinds of load say of where they go.
type Destination struct {
	// Service is the name of a Service and Port that of its port, or its number; each may be empty.
	Service, Port string
	// Address takes the place of both; empty where a Service is meant.
	Address string
	// PodHeader names what carries the name of the pod that answered; empty where nothing does.
	PodHeader string
	// Auth says how the server lets the load in; nil where it does not ask.
	Auth *Auth
	// TLS says how requests go by it; nil where they do not, or nothing is said of it.
	TLS *ClientTLS
}

// Secrets are those that must be read before the load can be sent.
func (d Destination) Secrets() []SecretSource {
	var all []SecretSource
	if d.Auth != nil {
		all = append(all, d.Auth.Source())
	}
	if d.TLS != nil && d.TLS.ClientCert != nil {
		all = append(all, d.TLS.ClientCert.CertFrom, d.TLS.ClientCert.KeyFrom)
	}
	return all
}

// Destination is where the load goes; nowhere in particular where it has no kind, which no loader lets pass.
func (l *Load) Destination() Destination {
	if h := l.HTTP; h != nil {
		return Destination{h.Service, h.Port, h.URL, h.PodHeader, h.Auth, h.TLS}
	}
	if g := l.GRPC; g != nil {
		return Destination{g.Service, g.Port, g.Address, g.PodHeader, g.Auth, g.TLS}
	}
	if t := l.TCP; t != nil {
		return Destination{Service: t.Service, Port: t.Port, Address: t.Address}
	}
	return Destination{}
}

// Elsewhere forgets the Service and its port, for a load that is to go to the one that selects another target.
func (l *Load) Elsewhere() {
	switch {
	case l.HTTP != nil:
		l.HTTP.Service, l.HTTP.Port = "", ""
	case l.GRPC != nil:
		l.GRPC.Service, l.GRPC.Port = "", ""
	case l.TCP != nil:
		l.TCP.Service, l.TCP.Port = "", ""
	}
}
