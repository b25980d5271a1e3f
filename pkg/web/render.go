package web

import (
	"bytes"
	"fmt"
	"html/template"
	"net/http"
	"strconv"
	"time"

	"github.com/chaosctl/chaosctl/pkg/report"
)

// view is what the templates see: what all pages have, and what is a page's own.
type view struct {
	Title   string
	Version string
	// Where is the path of the page, for its place in the navigation.
	Where string
	// Acts says that who looks may also change something.
	Acts bool
	// Live is the run that the page follows by a script; empty for none.
	Live string
	Data any
}

// page answers with a page for who asks.
func (s *Site) page(w http.ResponseWriter, r *http.Request, name string, v view) {
	v.Version, v.Where, v.Acts = s.Version, r.URL.Path, s.Guard.Actions && visitorOf(r).acts
	write(w, http.StatusOK, name, v)
}

// write answers with a page. What it shows may come from clusters and files, and so from anybody: the templates escape it, and it
// is tamed where it is read.
func write(w http.ResponseWriter, status int, name string, v view) {
	pages, err := report.Parts("frame.html")
	if err == nil {
		pages, err = pages.Funcs(functions()).ParseFS(files, "page/frame.html", "page/runs.html", "page/"+name)
	}
	var body, out bytes.Buffer
	if err == nil {
		err = pages.ExecuteTemplate(&body, name, v)
	}
	if err == nil {
		err = pages.Execute(&out, struct {
			view
			Body template.HTML
		}{v, template.HTML(body.String())}) //nolint:gosec // made by a template that escapes
	}
	if err != nil {
		http.Error(w, "the page cannot be made: "+err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = out.WriteTo(w)
}

func functions() template.FuncMap {
	return template.FuncMap{
		"clock": func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05") },
		"local": func(t time.Time) string { return t.Format("Mon 2006-01-02 15:04 MST") },
		"in":    func(t time.Time) string { return until(time.Until(t)) },
		"share": report.Percent,
		"secs":  report.Seconds,
		"per":   func(rate float64) string { return strconv.FormatFloat(rate, 'f', 1, 64) },
	}
}

// until is how far away an instant is, in words.
func until(d time.Duration) string {
	switch {
	case d < 0:
		return "now"
	case d < time.Minute:
		return fmt.Sprintf("in %d s", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("in %d min", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("in %d h", int(d.Hours()))
	}
	return fmt.Sprintf("in %d days", int(d.Hours()/24))
}
