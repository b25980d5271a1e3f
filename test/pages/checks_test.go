package pages

import (
	"net/url"
	"os"
	"strings"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// A check returns what it has to complain of.

// accessibility is what axe finds. Beyond its usual rules it asks that what is tapped is large enough.
func (p *tab) accessibility() []string {
	p.t.Helper()
	evaluate[chromedp.Void](p, p.axe)
	return p.violations(`{rules: {'target-size': {enabled: true}}}`)
}

// contrast is what axe finds of colours alone, which is what differs in the dark.
func (p *tab) contrast() []string {
	p.t.Helper()
	return p.violations(`{runOnly: ['color-contrast', 'link-in-text-block']}`)
}

// violations asks axe, which waits for timers: they run only where scripts do.
func (p *tab) violations(options string) []string {
	p.t.Helper()
	p.scripts(true)
	defer p.scripts(false)
	return evaluate[[]string](p, `pages.violations(`+options+`)`, chromedp.EvalAwaitPromise)
}

// layout is what is cut or wider than the screen.
func (p *tab) layout(s screen) []string {
	p.t.Helper()
	phone := "false"
	if s.phone {
		phone = "true"
	}
	return append(evaluate[[]string](p, `pages.tooWide(`+phone+`)`), evaluate[[]string](p, `pages.cutTexts()`)...)
}

// links are those that lead nowhere, within the page or to a file beside it. No other address is a link's.
func (p *tab) links() []string {
	p.t.Helper()
	dead := evaluate[[]string](p, `pages.deadLinks()`)
	for _, link := range evaluate[[]string](p, `pages.otherLinks()`) {
		to, err := url.Parse(link)
		switch {
		case err != nil || to.Scheme != "file" || to.Host != "" || to.RawQuery != "" || to.Fragment != "":
			dead = append(dead, "a link to "+link)
		default:
			if _, err := os.Stat(to.Path); err != nil {
				dead = append(dead, err.Error())
			}
		}
	}
	return dead
}

// keyboard is what Tab does not reach, or reaches unseen. What is closed is opened with Enter on the way.
func (p *tab) keyboard() []string {
	p.t.Helper()
	var out []string
	for {
		require.NoError(p.t, chromedp.Do(p.ctx, chromedp.KeyEvent("\t")))
		f := evaluate[struct {
			Done, Opens bool
			Complaint   string
		}](p, `pages.focused()`)
		if f.Done {
			break
		}
		if f.Complaint != "" {
			out = append(out, f.Complaint)
		}
		if f.Opens {
			require.NoError(p.t, chromedp.Do(p.ctx, chromedp.KeyEvent("\r")))
		}
	}
	for _, e := range evaluate[[]string](p, `pages.unreached()`) {
		out = append(out, "Tab does not reach "+strings.TrimSpace(e))
	}
	return out
}
