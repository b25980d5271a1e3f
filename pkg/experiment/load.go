package experiment

// Load is one open-loop stream of requests, kept up through the whole run.
type Load struct {
	// Name is what expectations and the report call the stream.
	Name string `json:"name" form:"label-name"`
	// HTTP has the stream send requests by HTTP.
	HTTP *HTTPLoad `json:"http,omitempty" choice:"kind"`
	// GRPC has it make unary calls by gRPC.
	GRPC *GRPCLoad `json:"grpc,omitempty" choice:"kind"`
	// TCP has it make connections, be it as tcp: {}, for what speaks another protocol.
	TCP *TCPLoad `json:"tcp,omitempty" choice:"kind"`
	// Rate is the number of requests offered per unit of time, all connections together.
	Rate Rate `json:"rate,omitzero" choice:"rate"`
	// Profile stands in place of rate where that changes over time: constant, ramp, step, burst, sine or trace.
	Profile *Profile `json:"profile,omitempty" choice:"rate"`
	// Connections says whether connections are kept: reuse, fresh (one for each request) or both (half of the rate
	// each). Both is the default, because keep-alive hides what a load balancer does to new connections. By tcp, it is fresh and
	// nothing else: a connection is the request.
	Connections Connections `json:"connections,omitempty"`
	// Timeout ends a request that got no whole answer; 2s unless told otherwise.
	Timeout Duration `json:"timeout" default:"2s" form:"positive"`
}

// HTTPLoad names where requests go: a Service of the target's namespace, or a URL.
type HTTPLoad struct {
	// Service is the name of a Service; without it and without url, the one Service that selects the target's pods.
	Service string `json:"service,omitempty" form:"dns-label"`
	// Port is the name or the number of the Service's port; not needed where there is only one.
	Port string `json:"port,omitempty" number:"allowed" form:"port"`
	// Path is the request's path; / unless told otherwise.
	Path string `json:"path,omitempty" form:"path"`
	// Host is the name that is asked for, where several are served at one address, as behind an Ingress or a Gateway; by TLS it is that
	// of the certificate too. That of the address unless told otherwise.
	Host string `json:"host,omitempty" form:"dns-subdomain"`
	// Method is GET unless told otherwise.
	Method string `json:"method" default:"GET" form:"method"`
	// Headers are sent with each request. What nobody should read in a report does not belong here: see auth.
	Headers map[string]string `json:"headers,omitempty"`
	// Body is what each request carries, 64 KiB at the most; for JSON, with the header Content-Type: application/json.
	Body string `json:"body,omitempty"`
	// URL is used as it stands, and takes the place of service, port and path.
	URL string `json:"url,omitempty" form:"url" excludes:"service,port,path"`
	// PodHeader is the response header that carries the name of the pod that answered, where the application sends
	// one. With it, requests are attributed to pods exactly.
	PodHeader string `json:"podHeader,omitempty" form:"header"`
	// Auth says how the server lets the load in, where it wants to know who asks.
	Auth *Auth `json:"auth,omitempty"`
	// TLS has the requests sent by TLS, and says how the certificate is verified, and which one is shown; be it empty, as in {}. Without it, requests to
	// a Service go by TLS where its port is 443 or called https, and certificates are verified by the system's authorities.
	TLS *ClientTLS `json:"tls,omitempty"`
	// Response says what an answer must be for its request to count as successful: any with a status from 200 to 399 unless told
	// otherwise.
	Response *Response `json:"response,omitempty"`
}

// TCPLoad names where connections go: a Service of the target's namespace, or an address. One that was made is a success.
type TCPLoad struct {
	// Service is the name of a Service; without it and without address, the one Service that selects the target's pods.
	Service string `json:"service,omitempty" form:"dns-label"`
	// Port is the name or the number of the Service's port; not needed where there is only one.
	Port string `json:"port,omitempty" number:"allowed" form:"port"`
	// Address is host:port, as it can be reached from where chaosctl runs, and takes the place of service and port.
	Address string `json:"address,omitempty" form:"address" excludes:"service,port"`
	// Send is sent on each connection, 64 KiB at the most, as it stands: no end of a line is added, and one is a line feed.
	Send string `json:"send,omitempty"`
	// Expect is what must be in the first 64 KiB of what the server sends, for a connection to count as successful. Without it,
	// nothing is read.
	Expect string `json:"expect,omitempty"`
}

// Connections says how a stream uses its connections.
type Connections string

// The ways of using connections.
const (
	Reuse Connections = "reuse"
	Fresh Connections = "fresh"
	Both  Connections = "both"
)

// Values lists the ways of using connections for the loader.
func (Connections) Values() []string { return []string{string(Reuse), string(Fresh), string(Both)} }
