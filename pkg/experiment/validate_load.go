package experiment

import (
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"
)

// methods are those that a stream may use; CONNECT and TRACE speak to proxies.
func methods() []string {
	return []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions}
}

func (s *Spec) validateLoad(f *findings) {
	names := unique{}
	for i, load := range s.Load {
		path := element("spec.load", i)
		names.add(f, path, load.Name)
		positive(f, child(path, "timeout"), load.Timeout)
		load.validateRate(f, path)
		load.validateKind(f, path)
	}
}

// validateKind looks at where requests go, and finds that there is one kind of them.
func (l Load) validateKind(f *findings, path string) {
	var kinds []string
	for _, kind := range []struct {
		name  string
		there bool
	}{{"http", l.HTTP != nil}, {"grpc", l.GRPC != nil}, {"tcp", l.TCP != nil}} {
		if kind.there {
			kinds = append(kinds, kind.name)
		}
	}
	switch {
	case len(kinds) == 0:
		f.refuse(path, "", "the load does not say what it sends: expected http, grpc or tcp")
	case len(kinds) > 1:
		f.refuse(child(path, kinds[1]), "", "%s and %s exclude each other: expected one", kinds[0], kinds[1])
	case l.HTTP != nil:
		l.HTTP.validate(f, child(path, "http"))
	case l.GRPC != nil:
		l.GRPC.validate(f, child(path, "grpc"))
	default:
		l.TCP.validate(f, child(path, "tcp"))
		if l.Connections != Fresh {
			f.refuse(child(path, "connections"), "", "by tcp, a connection is the request, and none is used again: expected fresh, or nothing")
		}
	}
}

func (t TCPLoad) validate(f *findings, path string) {
	if len(t.Send) > mostBody {
		f.refuse(child(path, "send"), "", "this has %d bytes: expected %d at the most", len(t.Send), mostBody)
	}
	if len(t.Expect) > mostBody {
		f.refuse(child(path, "expect"), "", "this has %d bytes, and no more than %d are read: expected less", len(t.Expect), mostBody)
	}
	validateDestination(f, path, Destination{Service: t.Service, Port: t.Port, Address: t.Address})
}

// validateDestination looks at a Service with its port, or at host:port in their place.
func validateDestination(f *findings, path string, to Destination) {
	if to.Address == "" {
		validateService(f, path, to.Service, to.Port)
		return
	}
	for _, other := range []struct{ name, value string }{{"service", to.Service}, {"port", to.Port}} {
		if other.value != "" {
			f.refuse(child(path, other.name), "", "address and %s exclude each other: address holds it all", other.name)
		}
	}
	host, port, err := net.SplitHostPort(to.Address)
	number, notNumber := strconv.ParseUint(port, 10, 16)
	if err != nil || host == "" || strings.ContainsAny(host, "/@ ") || notNumber != nil || number == 0 {
		f.refuse(child(path, "address"), "", "%s is not host:port: expected something like db.shop.example:5432 or [::1]:5432", quote(to.Address))
	}
}

func validateService(f *findings, path, service, port string) {
	if service != "" && len(validation.IsDNS1123Label(service)) > 0 {
		f.refuse(child(path, "service"), "", "%s is not a service's name: expected %s", quote(service), dnsLabel)
	}
	validatePort(f, child(path, "port"), port)
}

func (l Load) validateRate(f *findings, path string) {
	switch {
	case l.Rate == Rate{} && l.Profile == nil:
		f.refuse(path, "", "the load does not say how many requests it sends: expected rate or profile")
	case l.Rate != Rate{} && l.Profile != nil:
		f.refuse(child(path, "profile"), "", "rate and profile exclude each other: expected one")
	case l.Profile != nil:
		l.Profile.validate(f, child(path, "profile"))
	}
}

func (h HTTPLoad) validate(f *findings, path string) {
	if !slices.Contains(methods(), h.Method) {
		f.refuse(child(path, "method"), didYouMean(h.Method, methods()), "unknown method %s: expected %s", quote(h.Method), enumerate(methods()))
	}
	validateHeaderName(f, child(path, "podHeader"), h.PodHeader)
	h.validateContent(f, path)
	if h.Auth != nil {
		h.Auth.validate(f, child(path, "auth"))
	}
	h.TLS.validate(f, child(path, "tls"))
	if h.Response != nil {
		h.Response.validate(f, child(path, "response"), h.Method)
	}
	if h.Host != "" && len(validation.IsDNS1123Subdomain(h.Host)) > 0 {
		f.refuse(child(path, "host"), "", "%s is not the name of a host: expected one such as shop.example, without a port", quote(h.Host))
	}
	if h.URL != "" {
		h.validateURL(f, path)
		return
	}
	validateService(f, path, h.Service, h.Port)
	if _, err := url.ParseRequestURI(h.Path); err != nil || !strings.HasPrefix(h.Path, "/") {
		f.refuse(child(path, "path"), "", "%s is not a path: expected one that starts with /, escaped as in a URL", quote(h.Path))
	}
}

// mostBody is the longest body of a request, in bytes.
const mostBody = 64 << 10

// ownHeaders are those that the connection is made of, or that have a field of their own, with what to do instead.
func ownHeaders() map[string]string {
	return map[string]string{
		"Authorization": "expected auth, which keeps it out of all reports", "Host": "expected host",
		"Content-Length": "it is sent by itself", "Transfer-Encoding": "it is sent by itself", "Connection": "expected connections: fresh or reuse",
		"X-Vegeta-Seq": "it is used within this program",
	}
}

// validateContent looks at what requests carry.
func (h HTTPLoad) validateContent(f *findings, path string) {
	for _, name := range slices.Sorted(maps.Keys(h.Headers)) {
		validateHeader(f, child(child(path, "headers"), name), name, h.Headers[name])
	}
	switch bodiless := []string{http.MethodGet, http.MethodHead, http.MethodOptions}; {
	case h.Body == "":
	case slices.Contains(bodiless, h.Method):
		f.refuse(child(path, "body"), "", "requests of the method %s carry no body: expected a method such as POST", h.Method)
	case len(h.Body) > mostBody:
		f.refuse(child(path, "body"), "", "the body has %d bytes: expected %d at the most", len(h.Body), mostBody)
	}
}

// validateHeader looks at one that is sent with each request, and says whether it is one that may be.
func validateHeader(f *findings, at, name, value string) (ok bool) {
	if len(validation.IsHTTPHeaderName(name)) > 0 {
		f.refuse(at, "", "%s is not the name of a header: expected one such as Content-Type", quote(name))
		return false
	}
	mend, own := ownHeaders()[http.CanonicalHeaderKey(name)]
	if own {
		f.refuse(at, "", "the header %s is not to be set here: %s", http.CanonicalHeaderKey(name), mend)
	}
	if strings.ContainsFunc(value, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }) {
		f.refuse(at, "", "the value of a header cannot have control characters or ends of lines")
	}
	return !own
}

// validateHeaderName looks at the header by which pods are told apart, which may be empty.
func validateHeaderName(f *findings, at, name string) {
	if name != "" && len(validation.IsHTTPHeaderName(name)) > 0 {
		f.refuse(at, "", "%s is not the name of a header: expected one such as X-Pod", quote(name))
	}
}

func (h HTTPLoad) validateURL(f *findings, path string) {
	for _, other := range []struct{ name, value string }{{"service", h.Service}, {"port", h.Port}, {"path", h.Path}} {
		if other.value != "" {
			f.refuse(child(path, other.name), "", "url and %s exclude each other: url holds it all", other.name)
		}
	}
	u, err := url.Parse(h.URL)
	if err == nil && u.User != nil || err != nil && strings.Contains(h.URL, "@") {
		f.refuse(child(path, "url"), "", "a URL with a user or a password is part of all reports: expected auth, which says where the password is")
		return
	}
	if err == nil && u.Scheme == "http" && h.TLS != nil {
		f.refuse(child(path, "tls"), "", "the url says http, which is without TLS: expected https")
	}
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Hostname() == "" {
		f.refuse(child(path, "url"), "", "%s is not a URL to send requests to: expected one such as https://shop.example/", quote(h.URL))
	}
}

// validatePort takes the number or the name of a port.
func validatePort(f *findings, path, port string) {
	if port == "" {
		return
	}
	why := validation.IsValidPortName(port)
	if number, err := strconv.Atoi(port); err == nil {
		why = validation.IsValidPortNum(number)
	}
	if len(why) > 0 {
		f.refuse(path, "", "%s is not a port: expected a number from 1 to 65535, or the name that the service gives it", quote(port))
	}
}
