package frontend

import (
	"bytes"
	"context"
	"fmt"
	"html/template"
	"net/http"
	"strconv"
	"time"

	"github.com/chaosctl/chaosctl/examples/shop/internal/catalogue"
	"github.com/chaosctl/chaosctl/examples/shop/internal/metrics"
)

var pageTemplate = template.Must(template.New("page").Funcs(template.FuncMap{"euros": euros}).Parse(`<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>The shop</title></head>
<body>
<h1>The shop</h1>
{{if eq .Mode "closed"}}<p>Closed today.</p>{{end}}
<ul>
{{range .Products}}<li>{{.Name}}: {{euros .Price}}</li>
{{end}}</ul>
</body>
</html>
`))

func euros(cents int) string { return fmt.Sprintf("€%d.%02d", cents/100, cents%100) }

// page is the handler of GET /.
type page struct {
	memory  *memory
	latency time.Duration // of waiting, for each page
	work    time.Duration // of one core, for each page
	stale   *metrics.Counter
}

func (p *page) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	answer, age, err := p.memory.products(r.Context())
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	if age > 0 {
		p.stale.Add("")
		w.Header().Set("X-Catalogue-Age", age.String())
	} else {
		w.Header().Set("X-Catalogue-Pod", answer.pod)
	}
	wait(r.Context(), p.latency)
	burn(p.work)
	render(w, answer.Config)
}

func render(w http.ResponseWriter, config catalogue.Config) {
	var body bytes.Buffer
	if err := pageTemplate.Execute(&body, config); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(body.Len()))
	_, _ = w.Write(body.Bytes()) // the client went away: nothing to do
}

// wait takes the time that a page of a real shop spends on its other
// dependencies. Without it hardly any request is ever in flight, and a stop
// that breaks off what is in flight would do no visible harm.
func wait(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// burn keeps one core busy, as the rendering of a larger page would, so that
// there is something for an autoscaler to see.
func burn(d time.Duration) {
	for end := time.Now().Add(d); time.Now().Before(end); {
	}
}
