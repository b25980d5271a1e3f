package report

import "html/template"

// What other pages and texts of this program have in common with the report of a run, so that all speak alike.

// Seconds writes a duration in seconds for people: 35 ms, 1.24 s, 2 min 05 s.
func Seconds(s float64) string { return seconds(s) }

// Percent writes a share: 99.98 %. What is not whole never reads as whole.
func Percent(share float64) string { return percent(share) }

// Unbroken keeps numbers and their units on one line.
func Unbroken(s string) string { return unbroken(s) }

// Markdown writes a text so that it stands for itself: no table, link, heading, mark-up or HTML comes of it.
func Markdown(s string) string { return markdown(s) }

// Sign is the verdict as a character, for colour alone tells nothing to many.
func (v Verdict) Sign() string { return verdictView{v}.Sign() }

// Tamed is a copy of v in which every string is printable and of limited length. Names and messages come from clusters and
// files, and so from anybody. It takes values whose fields are all exported.
func Tamed[T any](v T) T { return tamed(v, longestText) }

// Stylesheet is that of all pages.
func Stylesheet() []byte {
	style, _ := pageFiles.ReadFile("page/style.css") // it is embedded
	return style
}

// Parts are the functions that templates of pages have, and the parts that they share; name is that of the template to be.
func Parts(name string) (*template.Template, error) {
	return template.New(name).Funcs(pageFuncs()).ParseFS(pageFiles, "page/parts.html")
}
