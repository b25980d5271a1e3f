package pages

import (
	"context"
	_ "embed"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/audits"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

//go:embed checks.js
var checksSource string

// patience is more than all that is asked of a page takes on a machine that is busy.
const patience = 5 * time.Minute

// screen is what a page is looked at on.
type screen struct {
	name          string
	width, height int64
	phone         bool
}

var screens = []screen{
	{"1440", 1440, 900, false},
	{"390", 390, 844, true},
}

// tab is a page, open in the browser, with what the browser has said of it.
type tab struct {
	t   *testing.T
	ctx context.Context
	url string
	// own begins what the page may ask for.
	own string
	axe string
	// pictures is where they go, and how their names begin.
	pictures string

	mu    sync.Mutex
	heard []string
}

// newTab opens a tab for the file of a page, with scripts off.
func newTab(t *testing.T, path string) *tab {
	t.Helper()
	file := (&url.URL{Scheme: "file", Path: path}).String()
	return newTabOf(t, file, file)
}

// newTabOf opens a tab for a page, with scripts off. It may ask for what begins with own.
func newTabOf(t *testing.T, address, own string) *tab {
	t.Helper()
	ctx, cancel := chromedp.NewContext(browser)
	t.Cleanup(cancel)
	require.NoError(t, chromedp.Do(ctx)) // the tab lives as long as this context, what is asked of it as long as the next
	ctx, cancel = context.WithTimeout(ctx, patience)
	t.Cleanup(cancel)
	axe, err := os.ReadFile(tool("axe-core/axe.min.js"))
	require.NoError(t, err)
	p := &tab{t: t, ctx: ctx, url: address, own: own, axe: string(axe)}
	require.NoError(t, chromedp.Listen(ctx, p.hear))
	call(p, network.Enable, network.EnableParams{})
	call(p, cdplog.Enable, cdp.Empty{})
	call(p, audits.Enable, cdp.Empty{})
	call(p, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true})
	p.scripts(false)
	return p
}

// hear takes down each request for what is not the page's own, and all that the browser has to complain of.
func (p *tab) hear(ev any) {
	said := ""
	switch e := ev.(type) {
	case *network.EventRequestWillBeSent:
		if !strings.HasPrefix(e.Request.URL, p.own) {
			said = "a request for " + e.Request.URL
		}
	case *cdplog.EventEntryAdded:
		said = fmt.Sprintf("%s of %s: %s", e.Entry.Level, e.Entry.Source, e.Entry.Text)
	case *runtime.EventConsoleAPICalled:
		said = "a script wrote to the console"
	case *runtime.EventExceptionThrown:
		said = "a script threw " + e.ExceptionDetails.Text
	case *audits.EventIssueAdded:
		said = fmt.Sprintf("an issue: %s", e.Issue.Code)
	}
	if said != "" {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.heard = append(p.heard, said)
	}
}

// said is what was heard since.
func (p *tab) said() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	heard := p.heard
	p.heard = nil
	return heard
}

// show loads the page on a screen, in the light.
func (p *tab) show(s screen) {
	p.t.Helper()
	var options []chromedp.EmulateViewportOption
	if s.phone {
		options = append(options, chromedp.EmulateMobile, chromedp.EmulateTouch)
	}
	p.scheme("light")
	require.NoError(p.t, chromedp.Do(p.ctx, chromedp.EmulateViewport(s.width, s.height, options...), chromedp.Navigate(p.url)))
	evaluate[chromedp.Void](p, checksSource)
}

// scheme is light or dark.
func (p *tab) scheme(value string) {
	p.t.Helper()
	call(p, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: value}}})
}

// evaluate asks the page.
func evaluate[T any](p *tab, expression string, options ...chromedp.EvaluateOption) T {
	p.t.Helper()
	value, err := chromedp.Run(p.ctx, chromedp.Evaluate[T](expression, options...))
	require.NoError(p.t, err)
	return value
}

// scripts lets what runs in the page wait for something, or not.
func (p *tab) scripts(run bool) {
	p.t.Helper()
	call(p, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !run})
}

// call gives the browser a command of its protocol.
func call[P, R any](p *tab, c cdp.Command[P, R], params P) {
	p.t.Helper()
	_, err := chromedp.Call(p.ctx, c, params)
	require.NoError(p.t, err)
}
