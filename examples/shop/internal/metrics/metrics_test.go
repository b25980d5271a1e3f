package metrics_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/chaosctl/chaosctl/examples/shop/internal/metrics"
)

func TestExposition(t *testing.T) {
	var r metrics.Registry
	codes := r.Counter("requests_total", "By code.", "code")
	r.Counter("nothing_total", "Nothing.", "")
	r.Gauge("ready", "Whether.", func() float64 { return 1 })
	codes.Add("502")
	codes.Add("200")
	codes.Add("200")

	w := httptest.NewRecorder()
	r.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	assert.Equal(t, `# HELP requests_total By code.
# TYPE requests_total counter
requests_total{code="200"} 2
requests_total{code="502"} 1
# HELP nothing_total Nothing.
# TYPE nothing_total counter
nothing_total 0
# HELP ready Whether.
# TYPE ready gauge
ready 1
`, w.Body.String())
}
