package web

import (
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
)

// reportPolicy lets a report be styled by what it carries, and do nothing else; its own policy allows no more than just its style.
// In the sandbox it is a page of nobody's, whatever it holds.
const reportPolicy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox allow-top-navigation-by-user-activation"

// served are the files of a run that are, with their types. What would be a document to a browser is only the report.
func served() map[string]string {
	return map[string]string{
		"report.html": "text/html; charset=utf-8", "summary.md": "text/plain; charset=utf-8", "junit.xml": "text/plain; charset=utf-8",
		"result.json": "application/json",
	}
}

// artifact answers with a file of a run. It is opened below the directory of all runs, which no name and no link leads out of.
func (s *Site) artifact(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("file")
	kind, ok := served()[name]
	root, err := os.OpenRoot(s.Out)
	if !ok || errors.Is(err, fs.ErrNotExist) {
		http.NotFound(w, r)
		return
	}
	if err != nil {
		http.Error(w, "the directory of the runs cannot be read", http.StatusInternalServerError)
		return
	}
	defer root.Close()
	file, err := root.Open(filepath.Join(r.PathValue("run"), name))
	if err != nil {
		http.NotFound(w, r)
		return
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil || !info.Mode().IsRegular() {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Content-Security-Policy", reportPolicy)
	http.ServeContent(w, r, name, info.ModTime(), file)
}
