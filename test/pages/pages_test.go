package pages

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// heaviest is what a page may weigh, in bytes: it is mailed, attached and opened on phones.
const heaviest = 1_500_000

// TestPages looks at a page of every kind. With -artifacts it keeps a picture of each.
func TestPages(t *testing.T) {
	pages, pictures := makePages(t), t.ArtifactDir()
	checkMarkup(t, pages)
	for name, path := range pages {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			info, err := os.Stat(path)
			require.NoError(t, err)
			assert.LessOrEqual(t, info.Size(), int64(heaviest), "the page weighs too much")
			p := newTab(t, path)
			p.pictures = filepath.Join(pictures, name)
			for _, s := range screens {
				if name == "run-"+crowd {
					p.glance(t, s)
					continue
				}
				p.look(t, s)
			}
			if name != "run-"+crowd {
				p.print(t)
			}
		})
	}
}

func (p *tab) look(t *testing.T, s screen) {
	t.Helper()
	p.show(s)
	assert.Empty(t, p.layout(s), "%s: what does not fit", s.name)
	assert.Empty(t, p.links(), "%s: links that lead nowhere", s.name)
	assert.Empty(t, p.accessibility(), "%s: barriers", s.name)
	p.keep(t, s.name+"-light")
	p.scheme("dark")
	assert.Empty(t, p.contrast(), "%s: colours in the dark", s.name)
	p.keep(t, s.name+"-dark")
	assert.Empty(t, p.keyboard(), "%s: keyboard", s.name)
	assert.Empty(t, p.layout(s), "%s: what does not fit with all opened", s.name)
	assert.Empty(t, p.said(), "%s: what the browser says", s.name)
}

// paper is the inside of a landscape A4 page between its margins, in the pixels of a browser.
var paper = screen{"paper", 1032, 703, true}

// print is a look at what comes out of a printer: on paper nothing can be scrolled, and the colours are those of the day.
func (p *tab) print(t *testing.T) {
	t.Helper()
	p.show(paper)
	call(p, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: "print", Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: "dark"}}})
	assert.Empty(t, p.layout(paper), "what does not fit on paper")
	evaluate[chromedp.Void](p, p.axe)
	assert.Empty(t, p.contrast(), "colours on paper")
	p.keep(t, "print")
	call(p, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{})
}

// glance is all of look that does not take minutes of a page with tens of thousands of elements. Those are of the kinds that other
// pages have too.
func (p *tab) glance(t *testing.T, s screen) {
	t.Helper()
	p.show(s)
	assert.Empty(t, p.layout(s), "%s: what does not fit", s.name)
	assert.Empty(t, p.links(), "%s: links that lead nowhere", s.name)
	assert.Empty(t, p.keyboard(), "%s: keyboard", s.name)
	assert.Empty(t, p.layout(s), "%s: what does not fit with all opened", s.name)
	assert.Empty(t, p.said(), "%s: what the browser says", s.name)
}

// keep writes a picture of the whole page where `go test -artifacts` keeps what tests leave.
func (p *tab) keep(t *testing.T, name string) {
	t.Helper()
	if flag.Lookup("test.artifacts").Value.String() != "true" {
		return
	}
	picture, err := chromedp.Run(p.ctx, chromedp.FullScreenshot(100))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(p.pictures+"-"+name+".png", picture, 0o644))
}
