package notify_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/chaosctl/chaosctl/pkg/notify"
)

func TestText(t *testing.T) {
	t.Parallel()
	for text, m := range map[string]notify.Message{
		"game day shop: pod-kill on shop/deployment/web begins.":                              {Event: notify.Started, Experiment: "pod-kill", Target: "shop/deployment/web"},
		"game day shop: pod-kill was not run: another run has the target.":                    {Event: notify.NotRun, Experiment: "pod-kill", Reason: "another run has the target"},
		"game day shop did not begin: the machine slept.":                                     {Event: notify.Missed, Reason: "the machine slept."},
		"game day shop: pod-kill waits for a go.":                                             {Event: notify.Held, Experiment: "pod-kill"},
		"game day shop: pod-kill passed, and has left something behind. Undo: incomplete.":    {Event: notify.Finished, Experiment: "pod-kill", Verdict: "pass", Undo: "incomplete"},
		"game day shop came to unknown: 1 unknown, of 1 experiment. Report: runs/index.html.": {Event: notify.DayFinished, Verdict: "unknown", Reason: "1 unknown, of 1 experiment", Report: "runs/index.html"},
	} {
		m.GameDay = "shop"
		assert.Equal(t, text, m.Text())
	}
}

// TestTemplates: what a file may ask for is tried when it is read.
func TestTemplates(t *testing.T) {
	t.Parallel()
	for text, why := range map[string]string{
		`{"text": {{json .Reason}}, "ok": {{if eq .Verdict "pass"}}true{{else}}false{{end}}}`: "",
		`{{with .Mend}}{{.}}{{else}}none{{end}} {{.At.Unix}} {{.Text}} {{/* a remark */}}`:    "",
		`{{.Reson}}`: "can't evaluate field Reson",
		`{{.Reason`:  "unclosed action",
		`{{if eq .Undo "incomplete"}}{{.Gone}}{{end}}`: "can't evaluate field Gone",
		`{{range 1000000000000}}{{end}}`:               "is not for messages",
		`{{if .Reason}}{{range 9}}x{{end}}{{end}}`:     "is not for messages",
		`{{define "a"}}{{template "a"}}{{end}}`:        "it defines another template",
		`{{template "template"}}`:                      "is not for messages",
		`{{printf "%999999d%999999d" 1 1}}`:            "it makes more than 64 KiB",
		`{{js "x" | call}}`:                            "non-function",
		`{{index .Reason 100000}}`:                     "index out of range",
		strings.Repeat("{{.Reason}}", 10_000):          "it makes more than 64 KiB",
	} {
		_, err := notify.ParseTemplate(text)
		if why == "" {
			assert.NoError(t, err, text)
			continue
		}
		assert.ErrorContains(t, err, why, text)
	}
}

// TestHostileWords: what comes from a cluster can neither break the JSON, nor become a link, nor go on forever.
func TestHostileWords(t *testing.T) {
	t.Parallel()
	m := failed("m1")
	m.Reason, m.Mend = "<!channel> & \"quotes\"\n\x1b[31m\u202e", strings.Repeat("é", 5000)
	s := serve(t, status(200))
	template, err := notify.ParseTemplate(`{{.Reason}}|<https://runs.example/|all runs>`)
	require.NoError(t, err)
	json1, err := notify.ParseTemplate(`{"why": {{json .Reason}}}`)
	require.NoError(t, err)
	for _, receiver := range []notify.Receiver{&notify.Slack{URL: s.address()}, &notify.Slack{URL: s.address(), Text: template}, &notify.Webhook{URL: s.address(), Body: json1}} {
		p, all := aPost(t, quick())
		p.Send(m, notify.Addressee{Name: "one", Receiver: receiver})
		require.NoError(t, next(t, all).why)
	}
	var texts []map[string]string
	for _, r := range s.requests() {
		var body map[string]string
		require.NoError(t, json.Unmarshal(r.body, &body), "%s", r.body)
		texts = append(texts, body)
	}
	require.Len(t, texts, 3)
	assert.Contains(t, texts[0]["text"], `&lt;!channel&gt; &amp; "quotes"  [31m `)
	assert.Less(t, utf8.RuneCountInString(texts[0]["text"]), 1000)
	assert.Equal(t, `&lt;!channel&gt; &amp; "quotes"  [31m |<https://runs.example/|all runs>`, texts[1]["text"])
	assert.Equal(t, `<!channel> & "quotes"  [31m `, texts[2]["why"])
}

// anCluster takes Events, or refuses.
type aCluster struct {
	made   []*eventsv1.Event
	refuse error
}

func (c *aCluster) Reference(context.Context, notify.Message) (*corev1.ObjectReference, error) {
	return &corev1.ObjectReference{APIVersion: "apps/v1", Kind: "Deployment", Namespace: "shop", Name: "web", UID: "u1"}, nil
}

func (c *aCluster) Create(_ context.Context, e *eventsv1.Event) error {
	c.made = append(c.made, e)
	return c.refuse
}

func TestEvents(t *testing.T) {
	t.Parallel()
	gr := schema.GroupResource{Group: "events.k8s.io", Resource: "events"}
	for name, c := range map[string]struct {
		refuse error
		why    string
		final  bool
	}{
		"taken":                  {},
		"taken before":           {refuse: apierrors.NewAlreadyExists(gr, "x")},
		"forbidden":              {apierrors.NewForbidden(gr, "x", errors.New("no")), "chaosctl rbac", true},
		"the server is too busy": {apierrors.NewTooManyRequests("later", 1), "later", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cluster := &aCluster{refuse: c.refuse}
			o := &notify.Object{Cluster: cluster, Instance: strings.Repeat("é", 100)}
			m := failed("m1")
			m.Mend = strings.Repeat("é", 2000)
			err := o.Deliver(t.Context(), m)
			_ = o.Deliver(t.Context(), m)
			if c.why == "" {
				require.NoError(t, err)
			} else {
				require.ErrorContains(t, err, c.why)
				f := new(notify.Failure)
				assert.Equal(t, c.final, errors.As(err, &f) && f.Final)
			}
			require.Len(t, cluster.made, 2)
			e := cluster.made[0]
			assert.Equal(t, e.Name, cluster.made[1].Name, "there is one, whatever was heard of it")
			assert.Equal(t, []string{"shop", "ExperimentFailed", "Warning", "web"}, []string{e.Namespace, e.Reason, e.Type, e.Regarding.Name})
			assert.LessOrEqual(t, len(e.Note), 1024)
			assert.LessOrEqual(t, len(e.ReportingInstance), 128)
			assert.True(t, utf8.ValidString(e.Note) && utf8.ValidString(e.ReportingInstance))
		})
	}
	cluster := &aCluster{}
	require.NoError(t, (&notify.Object{Cluster: cluster}).Deliver(t.Context(), notify.Message{ID: "m", Event: notify.DayFinished, GameDay: "shop"}))
	assert.Empty(t, cluster.made, "a game day is no object of a cluster")
}
