package pages

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestDefectsAreFound plants a defect of each kind into a page that has none, and wants the check that is there for it to complain.
func TestDefectsAreFound(t *testing.T) {
	for _, d := range []struct {
		name, markup, want string
		check              func(*tab, screen) []string
	}{
		{"a picture from elsewhere", `<img alt="" src="http://192.0.2.1/x.png">`, "a request for http://192.0.2.1/x.png", heard},
		{"a style that the policy refuses", `<p style="color: red">text</p>`, "ContentSecurityPolicyIssue", heard},
		{"too wide for the page", `<div class="long">text</div>`, "wide", (*tab).layout},
		{"scrolls on a phone", `<div class="scroll" tabindex="0"><div class="long">text</div></div>`, "that scrolls", (*tab).layout},
		{"a label that is cut", `<svg width="50" height="20" role="img" aria-label="x"><text x="0" y="15">a text that is too long for it</text></svg>`, "too long for it", (*tab).layout},
		{"a link within the page that leads nowhere", `<a href="#gone">text</a>`, "there is no gone", linked},
		{"a pattern that is not there", `<svg role="img" aria-label="x"><path class="dotted" d="M0 0"/></svg>`, "there is no dots", linked},
		{"a link to a file that is not there", `<a href="gone/report.html">text</a>`, "no such file", linked},
		{"a link into the network", `<a href="http://192.0.2.1/">text</a>`, "a link to http://192.0.2.1/", linked},
		{"a picture without words", `<svg role="img"><path d="M0 0"/></svg>`, "svg-img-alt", accessible},
		{"pale letters", `<p class="pale">text</p>`, "color-contrast", accessible},
		{"letters that are pale in the dark", `<p class="paler">text</p>`, "color-contrast", func(p *tab, _ screen) []string {
			_ = p.accessibility()
			p.scheme("dark")
			return p.contrast()
		}},
		{"too small to tap", `<ul class="small"><li><a href="#one">Expectations</a></li><li><a href="#two">Timeline</a></li><li><a href="#three">Environment</a></li></ul>`, "target-size", accessible},
		{"out of reach of Tab", `<a href="#main" tabindex="-1">text</a>`, "Tab does not reach <a", reachable},
		{"a focus that is not seen", `<a href="#main" class="unseen">text</a>`, "not to be seen", reachable},
	} {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			sound, path := newTab(t, page(t, "<p>text</p>")), page(t, d.markup)
			planted := newTab(t, path)
			phone := screens[len(screens)-1]
			require.True(t, phone.phone)
			sound.show(phone)
			assert.Empty(t, d.check(sound, phone), "the page has no defect")
			planted.show(phone)
			assert.Contains(t, strings.Join(d.check(planted, phone), "\n"), d.want)
		})
	}
	t.Run("markup", func(t *testing.T) {
		t.Parallel()
		good, bad := page(t, "<p>text</p>"), page(t, `<p id="a">text</p><p id="a"><div>text</div>`)
		complaints := markup(t, []string{good, bad})
		assert.Empty(t, complaints[good])
		assert.Contains(t, fmt.Sprint(complaints[bad]), "no-dup-id")
	})
}

func heard(p *tab, _ screen) []string      { return p.said() }
func linked(p *tab, _ screen) []string     { return p.links() }
func accessible(p *tab, _ screen) []string { return p.accessibility() }
func reachable(p *tab, _ screen) []string  { return p.keyboard() }

// digest names a style in a policy.
func digest(style string) string {
	sum := sha256.Sum256([]byte(style))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// page is the path of a page with that in its midst.
func page(t *testing.T, markup string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "page.html")
	style := `.long { width: 900px } .scroll { overflow-x: auto } .small { display: flex; flex-wrap: wrap; width: 200px; gap: 2px 14px; padding: 0; list-style: none; line-height: 1.5; font-size: 13px } .unseen:focus { outline: none }
.dotted { fill: url(#dots) } .pale { color: #ddd; background: #fff } .paler { color: #333; background: #fff }
@media (prefers-color-scheme: dark) { .paler { background: #222 } }`
	require.NoError(t, os.WriteFile(path, []byte(`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'sha256-`+digest(style)+`'; img-src * data:">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>A page</title>
<link rel="icon" href="data:,">
<style>`+style+`</style>
</head>
<body>
<main id="main">
<h1>A page</h1>
`+markup+`
</main>
</body>
</html>
`), 0o600))
	return path
}
