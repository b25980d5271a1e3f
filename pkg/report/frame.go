package report

import (
	"bytes"
	"fmt"
	"html/template"
	"io"
	"io/fs"
)

// Frame is what all pages have around their content: the look, the icon and the policy of a report.
type Frame struct {
	// Title is for the browser's tab, Kind for the head of the page: "comparison".
	Title, Kind string
	// Verdict chooses the icon.
	Verdict Verdict
	// Version is that of the program that writes the page.
	Version string
}

// framed is what the frame's template sees.
type framed struct {
	Frame
	Style  template.CSS
	Policy string
	Body   template.HTML
}

// Page writes a page whose content the template of the given name makes of data. The templates have the functions and the
// parts of the report's, and escape all that comes from data. The page asks nothing of any network and runs no script.
func (f Frame) Page(w io.Writer, files fs.FS, name string, data any) error {
	style := Stylesheet()
	pages, err := Parts("frame.html")
	if err == nil {
		pages, err = pages.ParseFS(pageFiles, "page/frame.html")
	}
	if err == nil {
		pages, err = pages.ParseFS(files, "page/"+name)
	}
	if err != nil {
		return fmt.Errorf("the page's templates: %w", err)
	}
	var body, out bytes.Buffer
	if err := pages.ExecuteTemplate(&body, name, data); err != nil {
		return fmt.Errorf("cannot render the page: %w", err)
	}
	view := framed{
		Frame: Tamed(f), Style: template.CSS(style), Policy: contentPolicy(style), //nolint:gosec // embedded in this binary
		Body: template.HTML(body.String()), //nolint:gosec // made by a template that escapes
	}
	if err := pages.Execute(&out, view); err != nil {
		return fmt.Errorf("cannot render the page: %w", err)
	}
	_, err = out.WriteTo(w)
	return err
}
