package report

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// keep names a directory for the pages of the samples, to be looked at:
// go test ./pkg/report -run Kept -keep DIR
var keep = flag.String("keep", "", "a directory to write the sample pages to")

func TestSamplesCanBeKept(t *testing.T) {
	if *keep == "" {
		t.Skip("without -keep nothing is written")
	}
	for name, m := range samples() {
		if err := os.WriteFile(filepath.Join(*keep, name+".html"), render(t, m), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func render(t *testing.T, m *Model) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := WriteHTML(&out, m); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func parse(t *testing.T, page []byte) *html.Node {
	t.Helper()
	root, err := html.Parse(bytes.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	return root
}

// elements are all elements of a page, in order.
func elements(root *html.Node) []*html.Node {
	var out []*html.Node
	for n := range root.Descendants() {
		if n.Type == html.ElementNode {
			out = append(out, n)
		}
	}
	return out
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func text(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
	}
	return b.String()
}

// inert fails the test for anything in a page that could run, load or send something.
func inert(t *testing.T, page []byte) {
	t.Helper()
	for _, n := range elements(parse(t, page)) {
		if slices.Contains([]string{"script", "iframe", "object", "embed", "form", "input", "img", "image", "use", "base", "foreignobject"}, n.Data) {
			t.Errorf("the page has an element %s", n.Data)
		}
		for _, a := range n.Attr {
			switch {
			case strings.HasPrefix(a.Key, "on"), a.Key == "style", a.Key == "src":
				t.Errorf("the page has an attribute %s=%q", a.Key, a.Val)
			case a.Key == "href" && !strings.HasPrefix(a.Val, "#") && !strings.HasPrefix(a.Val, "data:image/svg+xml,"):
				t.Errorf("the page refers to %q", a.Val)
			}
		}
	}
}

func TestPageAsksNothingOfAnybody(t *testing.T) {
	for name, m := range samples() {
		t.Run(name, func(t *testing.T) {
			page := render(t, m)
			inert(t, page)
			style := regexp.MustCompile(`(?s)<style>(.*?)</style>`).FindSubmatch(page)
			if style == nil {
				t.Fatal("the page has no style")
			}
			digest := sha256.Sum256(style[1])
			allowed := false
			for _, n := range elements(parse(t, page)) {
				if attribute(n, "http-equiv") == "Content-Security-Policy" {
					policy := attribute(n, "content")
					allowed = strings.Contains(policy, "default-src 'none'") && strings.Contains(policy, "'sha256-"+base64.StdEncoding.EncodeToString(digest[:])+"'")
				}
			}
			if !allowed {
				t.Error("the policy does not allow the page's own style, or allows more than that")
			}
			for _, m := range regexp.MustCompile(`url\(([^)]*)\)|@import`).FindAllSubmatch(style[1], -1) {
				if !bytes.HasPrefix(m[1], []byte("#")) {
					t.Errorf("the style refers to %q", m[0])
				}
			}
		})
	}
}

func TestEveryPictureSpeaks(t *testing.T) {
	for name, m := range samples() {
		ids := map[string]bool{}
		nodes := elements(parse(t, render(t, m)))
		for _, n := range nodes {
			if id := attribute(n, "id"); id != "" {
				if ids[id] {
					t.Errorf("%s: the id %s is there twice", name, id)
				}
				ids[id] = true
			}
		}
		for _, n := range nodes {
			if n.Data == "svg" && attribute(n, "role") != "img" && attribute(n, "aria-hidden") != "true" {
				t.Errorf("%s: a picture is neither described nor hidden", name)
			}
			for _, id := range strings.Fields(attribute(n, "aria-labelledby")) {
				if !ids[id] {
					t.Errorf("%s: %s is labelled by %s, which is not there", name, n.Data, id)
				}
			}
			if n.Data == "th" && attribute(n, "scope") == "" {
				t.Errorf("%s: the heading %q has no scope", name, text(n))
			}
		}
	}
}

func TestPageTellsThePhases(t *testing.T) {
	page := text(parse(t, render(t, failingKill())))
	for _, p := range (Phases{}).list() {
		if !strings.Contains(page, p.Name) {
			t.Errorf("the page does not name the phase %s", p.Name)
		}
	}
	for _, want := range []string{"Failed: 90.51", "longest was ready", "288", "refused", "outage 3.20 s", "nothing to undo", "an expectation failed", "5b3c8a52", "chaosctl run -f single-replica-kill.yaml"} {
		if !strings.Contains(strings.ToLower(strings.ReplaceAll(page, "\u00a0", " ")), strings.ToLower(want)) {
			t.Errorf("the page does not say %q", want)
		}
	}
}

// TestHeadlineStaysShort: a reason of many words is told below the headline, and there as a whole.
func TestHeadlineStaysShort(t *testing.T) {
	m := unknownRun()
	m.Reasons[0] = strings.Repeat("the load was starved and ", 15) + "so on"
	p := newPage(m, details[0])
	if n := len([]rune(p.Headline)); n > longestReason+150 {
		t.Errorf("the headline has %d letters", n)
	}
	if p.Because[0] != m.Reasons[0] || len(p.Because) != len(m.Reasons) {
		t.Errorf("the reasons are %q", p.Because)
	}
	m.Reasons[0] = "the load was starved"
	if p = newPage(m, details[0]); !strings.Contains(p.Headline, m.Reasons[0]) || len(p.Because) != len(m.Reasons)-1 {
		t.Errorf("the headline is %q, and the reasons %q", p.Headline, p.Because)
	}
}
