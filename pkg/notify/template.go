package notify

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"text/template"
	"text/template/parse"
	"time"
)

// Template makes a text of a message, by a template of package text/template over [Message] with the function json.
type Template struct{ parsed *template.Template }

// largestText is how many bytes a template may make.
const largestText = 64 << 10

// ParseTemplate reads a template, and tries it on an example of each event. It takes what a message needs, which is no loops and no
// templates within: what a file asks for must not take forever.
func ParseTemplate(text string) (*Template, error) {
	parsed, err := template.New("template").Option("missingkey=error").Funcs(template.FuncMap{"json": inJSON}).Parse(text)
	if err != nil {
		return nil, err
	}
	if len(parsed.Templates()) > 1 {
		return nil, errors.New("it defines another template")
	}
	if parsed.Tree == nil {
		return nil, errors.New("it is empty")
	}
	if err := plain(parsed.Root); err != nil {
		return nil, err
	}
	t := &Template{parsed}
	for _, example := range Examples() {
		if _, err := t.Execute(example); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// Execute gives the text.
func (t *Template) Execute(m Message) (string, error) {
	var out limited
	if err := t.parsed.Execute(&out, m); err != nil {
		return "", err
	}
	return out.text.String(), nil
}

// inJSON writes a value as JSON, with its quotes.
func inJSON(v any) (string, error) {
	text, err := json.Marshal(v)
	return string(text), err
}

// limited takes no more than anybody would read.
type limited struct{ text strings.Builder }

func (l *limited) Write(p []byte) (int, error) {
	if l.text.Len()+len(p) > largestText {
		return 0, fmt.Errorf("it makes more than %d KiB", largestText>>10)
	}
	return l.text.Write(p)
}

// plain refuses what repeats something.
func plain(list *parse.ListNode) error {
	if list == nil {
		return nil
	}
	for _, node := range list.Nodes {
		var branch *parse.BranchNode
		switch n := node.(type) {
		case *parse.TextNode, *parse.ActionNode, *parse.CommentNode:
			continue
		case *parse.IfNode:
			branch = &n.BranchNode
		case *parse.WithNode:
			branch = &n.BranchNode
		default:
			return fmt.Errorf("it has %s, which is not for messages: expected fields, if and with", node)
		}
		if err := errors.Join(plain(branch.List), plain(branch.ElseList)); err != nil {
			return err
		}
	}
	return nil
}

// Examples are a message of each event, and one of a run that has left something behind.
func Examples() []Message {
	of := func(event Event, edit func(*Message)) Message {
		m := Message{
			ID: "shop-20270302-103000-finished", Event: event, At: time.Date(2027, 3, 2, 10, 31, 12, 0, time.UTC), GameDay: "shop",
			Experiment: "pod-kill", Promise: "self-healing", Target: "shop/deployment/web",
		}
		edit(&m)
		return m
	}
	ended := func(verdict, undo, mend string) func(*Message) {
		return func(m *Message) {
			m.RunID, m.Verdict, m.Undo, m.Mend = "20270302-103000-pod-kill-ab12", verdict, undo, mend
			m.Reason, m.Report = `Failed: 99.1 % of 2,400 requests answered; 1 of 2 expectations held, of "browse"`, "chaosctl-runs/20270302-103000-pod-kill-ab12/report.html"
		}
	}
	whole := func(verdict string) func(*Message) {
		return func(m *Message) { m.Experiment, m.Promise, m.Target, m.Verdict = "", "", "", verdict }
	}
	return []Message{
		of(Started, func(*Message) {}),
		of(Finished, ended("fail", "clean", "a preStop hook that sleeps 5 s")),
		of(Finished, ended("pass", "incomplete", "")),
		of(NotRun, func(m *Message) { m.Reason = "another run has the target" }),
		of(Missed, func(m *Message) { whole("")(m); m.Reason = "the machine slept" }),
		of(Held, func(*Message) {}),
		of(DayFinished, whole("fail")),
	}
}
