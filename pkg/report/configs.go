package report

import "github.com/chaosctl/chaosctl/pkg/event"

// ConfigChange is what a change made of a ConfigMap or a Secret.
type ConfigChange struct {
	// Change is the ID of the change that made it.
	Change string
	Keys   []event.ConfigKey
	// More is how many keys it changed beside those.
	More int
}

// configs are those of the changes that were sent, in their order.
func (c *changes) configs() []ConfigChange {
	var all []ConfigChange
	for _, s := range c.order {
		if s.config != nil && s.sent != 0 && s.result.Proof != "skipped" {
			all = append(all, ConfigChange{Change: s.result.ID, Keys: s.config.Keys, More: s.config.More})
		}
	}
	return all
}

// configView is what a change made of a configuration, with what became of the change.
type configView struct {
	changeView
	Keys []configKeyView
	More int
}

type configKeyView struct {
	Key, Sizes, Withheld string
	Lines                []diffLine
	Cut                  int
}

// diffLine is a line of a diff with its sign.
type diffLine struct{ Kind, Text string }

// configViews joins them with their changes. As many lines of all of them are shown as a table has rows.
func configViews(p *page) []configView {
	rows := map[string]changeView{}
	for _, r := range p.Rows {
		rows[r.ID] = r
	}
	room := p.detail.rows
	var all []configView
	for _, c := range head(p, p.Configs) {
		view := configView{changeView: rows[c.Change], More: c.More}
		for _, k := range c.Keys {
			if len(view.Keys) >= p.detail.lanes {
				view.More += len(c.Keys) - len(view.Keys)
				break
			}
			shown := k.Lines[:min(len(k.Lines), room)]
			room -= len(shown)
			view.Keys = append(view.Keys, configKeyView{
				Key: k.Key, Sizes: bytesWords(k.Before) + " → " + bytesWords(k.After), Withheld: k.Withheld,
				Lines: diffLines(shown), Cut: k.Cut + len(k.Lines) - len(shown),
			})
		}
		all = append(all, view)
	}
	return all
}

func diffLines(lines []string) []diffLine {
	var all []diffLine
	for _, l := range lines {
		kind := "same"
		switch {
		case l == "":
		case l[0] == '+':
			kind = "added"
		case l[0] == '-':
			kind = "removed"
		case l[0] == '@':
			kind = "where"
		}
		all = append(all, diffLine{kind, l})
	}
	return all
}

func bytesWords(n *int) string {
	if n == nil {
		return "none"
	}
	return plural(*n, "byte")
}

// PutBack says when the configuration was as before again.
func (c configView) PutBack() bool { return c.Undo == "undone" }
