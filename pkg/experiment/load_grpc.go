package experiment

import (
	"encoding/hex"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
)

// GRPCLoad names where calls go: a Service of the target's namespace, or an address; and which. They are unary.
type GRPCLoad struct {
	// Service is the name of a Service of Kubernetes; without it and without address, the one that selects the target's pods.
	Service string `json:"service,omitempty" form:"dns-label"`
	// Port is the name or the number of the Service's port; not needed where there is only one.
	Port string `json:"port,omitempty" number:"allowed" form:"port"`
	// Address is host:port, as it can be reached from where chaosctl runs, and takes the place of service and port.
	Address string `json:"address,omitempty" form:"address" excludes:"service,port"`
	// Method is the one that is called, as in /package.Service/Method; a health check unless told otherwise.
	Method string `json:"method" default:"/grpc.health.v1.Health/Check" form:"grpc-method"`
	// Check is the service of gRPC of which a health check asks whether it is serving; the server as a whole unless told otherwise.
	Check string `json:"check,omitempty"`
	// MessageHex is the message of each call, encoded by protocol buffers, in hexadecimal digits: what
	// protoc --encode … | xxd -p writes. Empty, which all fields at their defaults are, unless told otherwise; 64 KiB at the most.
	MessageHex string `json:"messageHex,omitempty" form:"hex"`
	// Status is what a call must end with, for it to count as successful; OK unless told otherwise.
	Status GRPCStatus `json:"status" default:"OK"`
	// Metadata is sent with each call. What nobody should read in a report does not belong here: see auth.
	Metadata map[string]string `json:"metadata,omitempty"`
	// PodHeader is the key in the metadata of answers that carries the name of the pod that answered, where the application sends
	// one. With it, calls are attributed to pods exactly.
	PodHeader string `json:"podHeader,omitempty" form:"header"`
	// Auth says how the server lets the load in, where it wants to know who asks.
	Auth *Auth `json:"auth,omitempty"`
	// TLS has the calls sent by TLS, and says how the certificate is verified, and which one is shown; be it empty, as in {}. Without it, calls to
	// a Service go by TLS where its port is 443 or called https, and those to an address without.
	TLS *ClientTLS `json:"tls,omitempty"`
}

// Bytes is the message; nil where it is no hexadecimal text, which no loader lets pass.
func (g *GRPCLoad) Bytes() []byte {
	message, err := hex.DecodeString(g.MessageHex)
	if err != nil {
		return nil
	}
	return message
}

// healthCheck is the method of the health protocol.
const healthCheck = "/grpc.health.v1.Health/Check"

// grpcMethodPattern is the full name of a method.
const grpcMethodPattern = `^/[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*/[A-Za-z_][A-Za-z0-9_]*$`

var grpcMethod = regexp.MustCompile(grpcMethodPattern)

// GRPCStatus is what a call ends with.
type GRPCStatus string

// Values lists the statuses, in the order of their numbers.
func (GRPCStatus) Values() []string {
	return []string{
		"OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED",
		"FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED",
	}
}

// Code is the status as a number; 0, which is OK, where there is no such status.
func (s GRPCStatus) Code() uint32 { return uint32(max(0, slices.Index(s.Values(), string(s)))) }

// GRPCStatusOf is the status of a number; UNKNOWN where there is none.
func GRPCStatusOf(code uint32) GRPCStatus {
	if all := GRPCStatus("").Values(); uint64(code) < uint64(len(all)) {
		return GRPCStatus(all[code])
	}
	return "UNKNOWN"
}

func (g GRPCLoad) validate(f *findings, path string) {
	validateDestination(f, path, Destination{Service: g.Service, Port: g.Port, Address: g.Address})
	if !grpcMethod.MatchString(g.Method) {
		f.refuse(child(path, "method"), "", "%s is not a method: expected its full name, such as /shop.v1.Orders/List", quote(g.Method))
	}
	if values := g.Status.Values(); !slices.Contains(values, string(g.Status)) {
		f.refuse(child(path, "status"), didYouMean(string(g.Status), values), "unknown status %s: expected %s", quote(string(g.Status)), enumerate(values))
	}
	g.validateContent(f, path)
	validateHeaderName(f, child(path, "podHeader"), g.PodHeader)
	if g.Auth != nil {
		g.Auth.validate(f, child(path, "auth"))
	}
	g.TLS.validate(f, child(path, "tls"))
}

// validateContent looks at what calls carry.
func (g GRPCLoad) validateContent(f *findings, path string) {
	at := child(path, "messageHex")
	switch _, err := hex.DecodeString(g.MessageHex); {
	case err != nil:
		f.refuse(at, "", "this is not a message in hexadecimal digits, two for each byte: expected something like 0a03616263")
	case len(g.MessageHex)/2 > mostBody:
		f.refuse(at, "", "the message has %d bytes: expected %d at the most", len(g.MessageHex)/2, mostBody)
	}
	switch at := child(path, "check"); {
	case g.Check == "":
	case g.Method != healthCheck:
		f.refuse(at, "", "it is a health check that asks of a service: expected no method beside check, or messageHex in its place")
	case g.MessageHex != "":
		f.refuse(at, "", "messageHex and check exclude each other: expected one")
	}
	for _, name := range slices.Sorted(maps.Keys(g.Metadata)) {
		at := child(child(path, "metadata"), name)
		if validateHeader(f, at, name, g.Metadata[name]) && (strings.HasPrefix(strings.ToLower(name), "grpc-") || http.CanonicalHeaderKey(name) == "Te" || http.CanonicalHeaderKey(name) == "Content-Type") {
			f.refuse(at, "", "the key %s is the protocol's own: it is sent by itself", quote(name))
		}
	}
}
