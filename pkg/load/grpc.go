package load

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/protobuf/proto"

	"github.com/chaosctl/chaosctl/pkg/experiment"
)

// GRPC is a unary call: one message to a method, and one back.
//
// It goes over the HTTP/2 of net/http, framed as the protocol says (PROTOCOL-HTTP2.md of github.com/grpc/grpc), and not over a client
// of grpc-go: that one waits longer and longer before it connects again, and tells its own state in place of what became of a call,
// so that an outage would look longer than it was, and each cause like the next.
type GRPC struct {
	// Method is the one that is called, as in /package.Service/Method.
	Method string
	// Message is what is sent, encoded by protocol buffers.
	Message []byte
	// Status is what the call must end with.
	Status codes.Code
}

// checkMethod is the method of the health protocol, whose answers say more than that there is one.
var checkMethod = grpc_health_v1.Health_Check_FullMethodName

// GRPCOf is the call that an experiment asks for.
func GRPCOf(l *experiment.GRPCLoad) *GRPC {
	g := &GRPC{Method: l.Method, Message: l.Bytes(), Status: codes.Code(l.Status.Code())}
	if l.Method == checkMethod && l.Check != "" {
		// Marshalling fails for text that is no UTF-8 only, of which no file can be made.
		g.Message, _ = proto.Marshal(&grpc_health_v1.HealthCheckRequest{Service: l.Check})
	}
	return g
}

// ChecksHealth says that the call is a health check, which changes nothing.
func (g *GRPC) ChecksHealth() bool { return g.Method == checkMethod }

// headLength is that of what stands before each message: whether it is compressed, and its length in four bytes.
const headLength = 5

// body is the message as it is sent.
func (g *GRPC) body() []byte {
	head := make([]byte, headLength, headLength+len(g.Message))
	binary.BigEndian.PutUint32(head[1:], uint32(len(g.Message)))
	return append(head, g.Message...)
}

// addHeader adds what makes a request one of gRPC.
func (g *GRPC) addHeader(header http.Header, timeout time.Duration) {
	header.Set("Content-Type", "application/grpc")
	header.Set("Te", "trailers")
	header.Set("Grpc-Timeout", strconv.FormatInt(min(timeout.Milliseconds()+1, 99_999_999), 10)+"m") // eight digits at the most
}

// judge completes an outcome, now that the whole answer is there, and says whether it is a success. What the server has to say of
// a status is left out: it may hold what nobody is to read.
func (g *GRPC) judge(o *outcome, response *http.Response, message []byte) (ok bool) {
	text := cmp.Or(response.Trailer.Get("Grpc-Status"), response.Header.Get("Grpc-Status")) // the latter where there is no message
	number, err := strconv.ParseUint(text, 10, 32)
	if err != nil {
		o.unmet = "the answer has no status of gRPC"
		return false
	}
	code := codes.Code(number)
	o.status = statusOf(code)
	switch cause := causeOfStatus(o.status); {
	case code != g.Status && cause == None:
		o.unmet = fmt.Sprintf("the call ended with OK, and not with %s", experiment.GRPCStatusOf(uint32(g.Status)))
	case code != g.Status:
		o.byStatus, o.said = cause, fmt.Sprintf("the call ended with %s", experiment.GRPCStatusOf(uint32(code)))
	case code == codes.OK:
		o.unmet = g.unmet(message)
	}
	return o.byStatus == None && o.unmet == ""
}

// unmet says what an answer of the status OK lacks.
func (g *GRPC) unmet(message []byte) string {
	if len(message) < headLength || int64(len(message)-headLength) < min(int64(binary.BigEndian.Uint32(message[1:])), maxChecked-headLength) {
		return "the call ended with OK, but without a whole message"
	}
	if g.Method != checkMethod || message[0] != 0 {
		return ""
	}
	var health grpc_health_v1.HealthCheckResponse
	switch err := proto.Unmarshal(message[headLength:], &health); {
	case err != nil:
		return "the answer is not one of a health check"
	case health.GetStatus() != grpc_health_v1.HealthCheckResponse_SERVING:
		return "the health check says " + health.GetStatus().String()
	}
	return ""
}

// statusOf is the status of HTTP that stands for one of gRPC, as google/rpc/code.proto says: records and causes have the same
// meaning for both.
func statusOf(code codes.Code) int {
	switch code {
	case codes.OK:
		return http.StatusOK
	case codes.InvalidArgument, codes.FailedPrecondition, codes.OutOfRange:
		return http.StatusBadRequest
	case codes.Unauthenticated:
		return http.StatusUnauthorized
	case codes.PermissionDenied:
		return http.StatusForbidden
	case codes.NotFound:
		return http.StatusNotFound
	case codes.AlreadyExists, codes.Aborted:
		return http.StatusConflict
	case codes.ResourceExhausted:
		return http.StatusTooManyRequests
	case codes.Canceled:
		return 499 // of no registry, but of that file
	case codes.Unimplemented:
		return http.StatusNotImplemented
	case codes.Unavailable:
		return http.StatusServiceUnavailable
	case codes.DeadlineExceeded:
		return http.StatusGatewayTimeout
	default:
		return http.StatusInternalServerError
	}
}
