package cli

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/chaosctl/chaosctl/internal/version"
	"github.com/chaosctl/chaosctl/pkg/cluster"
	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/notify"
	"github.com/chaosctl/chaosctl/pkg/report"
	"github.com/chaosctl/chaosctl/pkg/schedule"
)

// farewell is how long messages are still tried when the program ends.
const farewell = 10 * time.Second

// newPost makes the post of a program that runs game days. What is not delivered is told, and counted.
func (s *daySet) newPost() *notify.Post {
	return notify.NewPost(notify.Usually(), func(to string, m notify.Message, o notify.Outcome, why error) {
		_, name, _ := strings.Cut(to, "/")
		s.monitor.Notified(m.GameDay, name, o)
		if why != nil {
			fmt.Fprintf(s.voices.err, "warning: game day %s: %s is not told of %s: %v\n", m.GameDay, name, about(m), why)
		}
	})
}

// about names a message for people.
func about(m notify.Message) string {
	if m.Experiment == "" {
		return string(m.Event)
	}
	return m.Experiment + " " + string(m.Event)
}

// addressees are those whom a game day tells, with names that are theirs alone in this program.
func (d *gameDay) addressees() []notify.Addressee {
	var all []notify.Addressee
	for _, n := range d.Receivers() {
		all = append(all, notify.Addressee{Name: d.Metadata.Name + "/" + n.Name, On: n.On, Receiver: d.receiver(n)})
	}
	return all
}

func (d *gameDay) receiver(n experiment.Notify) notify.Receiver {
	agent := "chaosctl/" + version.Version()
	// Templates were read when the file was.
	switch {
	case n.Webhook != nil:
		w := &notify.Webhook{URL: d.hidden(n.Webhook.URLFrom), ContentType: n.Webhook.ContentType, Agent: agent}
		if n.Webhook.KeyFrom != nil {
			w.Key = d.hidden(*n.Webhook.KeyFrom)
		}
		if n.Webhook.Template != "" {
			w.Body, _ = notify.ParseTemplate(n.Webhook.Template)
		}
		return w
	case n.Slack != nil:
		s := &notify.Slack{URL: d.hidden(n.Slack.URLFrom), Agent: agent}
		if n.Slack.Template != "" {
			s.Text, _ = notify.ParseTemplate(n.Slack.Template)
		}
		return s
	}
	host, _ := os.Hostname()
	return &notify.Object{Cluster: eventCluster{d}, Instance: "chaosctl-" + host}
}

// hidden reads a value where it is kept.
func (d *gameDay) hidden(v experiment.HiddenValue) notify.Secret {
	return func(ctx context.Context) (string, error) {
		switch {
		case v.Env != "":
			value := d.app.env(v.Env)
			if value == "" {
				return "", &notify.Failure{Why: "the environment of chaosctl has no variable " + v.Env, Final: true}
			}
			return value, nil
		case v.File != "":
			path := v.File
			if !filepath.IsAbs(path) {
				path = filepath.Join(filepath.Dir(d.file), path)
			}
			text, err := os.ReadFile(path)
			return string(text), err
		}
		c, err := d.app.connect()
		if err != nil {
			return "", err
		}
		s := v.Secret
		object, err := c.Secret(ctx, s.Namespace, s.Name)
		if err != nil {
			return "", err
		}
		value, there := object.Data[s.Key]
		if !there {
			return "", fmt.Errorf("the Secret %s/%s has no key %s", s.Namespace, s.Name, s.Key)
		}
		return string(value), nil
	}
}

// eventCluster puts Events on the targets of a game day.
type eventCluster struct{ day *gameDay }

// Reference is that of the workload; for a target that is a selector, that of its namespace.
func (e eventCluster) Reference(ctx context.Context, m notify.Message) (*corev1.ObjectReference, error) {
	c, err := e.day.app.connect()
	if err != nil {
		return nil, err
	}
	for _, x := range e.day.experiments {
		if x.Spec.Target.String() == m.Target {
			return referenceOf(ctx, c, x.Spec.Target)
		}
	}
	return nil, &notify.Failure{Why: m.Target + " is not the target of an experiment any more", Final: true}
}

func referenceOf(ctx context.Context, c *cluster.Cluster, t experiment.Target) (*corev1.ObjectReference, error) {
	if t.Workload == "" {
		ns, err := c.Client.CoreV1().Namespaces().Get(ctx, t.Namespace, metav1.GetOptions{})
		if err != nil {
			return nil, err
		}
		return &corev1.ObjectReference{APIVersion: "v1", Kind: "Namespace", Namespace: t.Namespace, Name: t.Namespace, UID: ns.UID}, nil
	}
	w, err := c.Workload(ctx, t)
	if err != nil {
		return nil, err
	}
	return &corev1.ObjectReference{
		APIVersion: w.Resource.GroupVersion().String(), Kind: w.Kind, Namespace: w.Namespace, Name: w.Name, UID: types.UID(w.UID),
	}, nil
}

func (e eventCluster) Create(ctx context.Context, event *eventsv1.Event) error {
	c, err := e.day.app.connect()
	if err != nil {
		return err
	}
	_, err = c.Client.EventsV1().Events(event.Namespace).Create(ctx, event, metav1.CreateOptions{})
	return err
}

// tell sends a message to those of the game day's receivers that want it. It waits for nobody.
func (d *gameDay) tell(m notify.Message) {
	if d.post == nil || len(d.Spec.Notify) == 0 {
		return
	}
	m.GameDay, m.At = d.Metadata.Name, d.clock.Now().UTC()
	m.ID = fmt.Sprintf("%s-%s-%s", m.GameDay, strings.ToLower(rand.Text()[:12]), m.Event)
	d.post.Send(m, d.addressees()...)
}

// of is a message about an experiment.
func (d *gameDay) of(event notify.Event, e chosen) notify.Message {
	return notify.Message{Event: event, Experiment: e.Metadata.Name, Promise: string(e.Spec.Promise), Target: e.Spec.Target.String()}
}

// tellOf sends what became of an experiment.
func (d *gameDay) tellOf(e chosen, o outcome) {
	if o.result == nil {
		m := d.of(notify.NotRun, e)
		m.Reason = o.detail
		d.tell(m)
		return
	}
	m, r := d.of(notify.Finished, e), o.result
	m.RunID, m.Verdict, m.Undo, m.Reason, m.Report = r.RunID, string(r.Verdict), string(r.Undo), report.Headline(r), o.detail
	if r.Explanation != nil {
		m.Mend = r.Explanation.Mend
	}
	d.tell(m)
}

// tellDay sends what became of the whole.
func (d *gameDay) tellDay(all []outcome, worst int) {
	m := notify.Message{Event: notify.DayFinished, Reason: tally(all, "experiment"), Report: filepath.Join(d.out, d.index)}
	m.Verdict, _ = verdictOf(worst)
	m.Undo, _, _ = strings.Cut(undoOf(all), ":")
	d.tell(m)
}

// tellMissed sends that runs did not begin.
func (d *gameDay) tellMissed(m schedule.Missed) {
	d.tell(notify.Message{Event: notify.Missed, Reason: missedWords(m)})
}
