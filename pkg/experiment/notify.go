package experiment

import (
	"encoding/json"
	"fmt"
	"mime"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/chaosctl/chaosctl/pkg/notify"
)

// Notify is one who is told how a game day goes.
type Notify struct {
	// Name is what warnings and metrics call it: webhook, slack or event, numbered where needed, unless told otherwise.
	Name string `json:"name,omitempty" form:"label-name"`
	// Webhook is told by a POST in JSON, or by what else it wants.
	Webhook *Webhook `json:"webhook,omitempty" choice:"receiver"`
	// Slack is an incoming webhook of Slack, or of what takes the same.
	Slack *Slack `json:"slack,omitempty" choice:"receiver"`
	// Event puts an Event on the target of the experiment, which `kubectl describe` shows.
	Event *TargetEvent `json:"event,omitempty" choice:"receiver"`
	// On lists what it is told of. An experiment that begins is started; one that has ended is pass, fail, unknown or aborted,
	// and undoIncomplete where it has left something behind; notRun is one that was refused, or whose window has ended; held one
	// that waits for a go. Of the game day, missed are runs that were due and did not begin, and day is its end. All but
	// started, pass and day, unless told otherwise.
	On []notify.Occasion `json:"on,omitempty"`
}

// Webhook is where messages are sent to, and in which words.
type Webhook struct {
	// URLFrom says where the address is.
	URLFrom HiddenValue `json:"urlFrom"`
	// KeyFrom says where the key is that messages are signed with, as Standard Webhooks has it: 24 bytes at the least, or
	// base64 after whsec_. Without it, they are not signed.
	KeyFrom *HiddenValue `json:"keyFrom,omitempty"`
	// Template makes the body: a template of Go's package text/template over the fields of the message, with the function json.
	// The message in JSON, unless told otherwise.
	Template string `json:"template,omitempty" form:"given"`
	// ContentType is that of the body; application/json unless told otherwise.
	ContentType string `json:"contentType" default:"application/json"`
}

// Slack is where messages are sent to, and in which words.
type Slack struct {
	// URLFrom says where the address is.
	URLFrom HiddenValue `json:"urlFrom"`
	// Template makes the text: a template of Go's package text/template over the fields of the message, which are escaped.
	Template string `json:"template,omitempty" form:"given"`
}

// TargetEvent has no parameters.
type TargetEvent struct{}

// HiddenValue is where a value is that no file of game days may hold. It is read anew for each message.
type HiddenValue struct {
	// Env names the variable of chaosctl's environment that holds it.
	Env string `json:"env,omitempty" form:"variable" choice:"source"`
	// File is a path, relative to the game day's own file: a mounted Secret, say.
	File string `json:"file,omitempty" form:"given" choice:"source"`
	// Secret is a key of a Secret that holds it.
	Secret *SecretInNamespace `json:"secret,omitempty" choice:"source"`
}

// SecretInNamespace is a key of a Secret.
type SecretInNamespace struct {
	// Namespace is that of the Secret.
	Namespace string `json:"namespace" form:"dns-label"`
	SecretKey
}

// Receivers are those who are told, each with its name.
func (g *GameDay) Receivers() []Notify {
	counts := map[string]int{}
	all := make([]Notify, len(g.Spec.Notify))
	for i, n := range g.Spec.Notify {
		if n.Name == "" {
			kind := n.kind()
			if counts[kind]++; counts[kind] > 1 {
				kind = fmt.Sprintf("%s-%d", kind, counts[kind])
			}
			n.Name = kind
		}
		all[i] = n
	}
	return all
}

func (n *Notify) kind() string {
	switch {
	case n.Webhook != nil:
		return "webhook"
	case n.Slack != nil:
		return "slack"
	}
	return "event"
}

// Hidden are the places of all values that the receiver needs, by the fields that name them.
func (n *Notify) Hidden() map[string]HiddenValue {
	all := map[string]HiddenValue{}
	switch {
	case n.Webhook != nil:
		all["webhook.urlFrom"] = n.Webhook.URLFrom
		if n.Webhook.KeyFrom != nil {
			all["webhook.keyFrom"] = *n.Webhook.KeyFrom
		}
	case n.Slack != nil:
		all["slack.urlFrom"] = n.Slack.URLFrom
	}
	return all
}

func (g *GameDay) validateNotify(f *findings) {
	names := unique{}
	receivers := g.Receivers()
	for i, n := range receivers {
		path := element("spec.notify", i)
		kinds := 0
		for _, is := range []bool{n.Webhook != nil, n.Slack != nil, n.Event != nil} {
			if is {
				kinds++
			}
		}
		if kinds != 1 {
			f.refuse(path, "", "it is not said who is told: expected one of webhook, slack and event")
			continue
		}
		names.add(f, path, n.Name)
		for field, place := range n.Hidden() {
			place.validate(f, path+"."+field)
		}
		n.validateTemplate(f, path)
	}
}

func (n *Notify) validateTemplate(f *findings, path string) {
	var text string
	switch path = child(path, n.kind()); {
	case n.Webhook != nil:
		text = n.Webhook.Template
		if _, _, err := mime.ParseMediaType(n.Webhook.ContentType); err != nil {
			f.refuse(child(path, "contentType"), "", "%s is not a type of content: expected one such as text/plain; charset=utf-8", quote(n.Webhook.ContentType))
		}
	case n.Slack != nil:
		text = n.Slack.Template
	}
	path = child(path, "template")
	if text == "" || !f.sound(path) {
		return
	}
	template, err := notify.ParseTemplate(text)
	if err != nil {
		f.refuse(path, "it is a template of Go's package text/template over the fields of a message, such as {{.Experiment}}", "the template cannot be used: %s", strings.TrimPrefix(err.Error(), "template: "))
		return
	}
	if n.Webhook == nil || !isJSON(n.Webhook.ContentType) {
		return
	}
	for _, example := range notify.Examples() {
		body, err := template.Execute(example)
		if err == nil && !json.Valid([]byte(body)) {
			f.refuse(path, "write values as {{json .Reason}}, which has the quotes and escapes, or say contentType", "the template makes no JSON of a message %s", example.Event)
			return
		}
	}
}

func isJSON(contentType string) bool {
	kind, _, _ := mime.ParseMediaType(contentType)
	return kind == "application/json" || strings.HasSuffix(kind, "+json")
}

// validate does not repeat what stands in place of a name: this may be the value itself.
func (v HiddenValue) validate(f *findings, path string) {
	given := 0
	for _, is := range []bool{v.Env != "", v.File != "", v.Secret != nil} {
		if is {
			given++
		}
	}
	form, _ := FormOf("variable")
	switch {
	case given == 0:
		f.refuse(path, "", "it is not said where the value is: expected env, file or secret")
	case given > 1:
		f.refuse(path, "", "env, file and secret exclude each other: expected one")
	case v.Env != "" && !form.Accepts(v.Env):
		f.refuse(child(path, "env"), "", "this is not the name of a variable of the environment: expected letters, digits and _, such as HOOK")
	case strings.Contains(v.File, "://"):
		f.refuse(child(path, "file"), "", "this is not the path of a file, but an address: expected the path of a file that holds it")
	case v.Secret != nil:
		v.Secret.validate(f, child(path, "secret"))
	}
}

func (s *SecretInNamespace) validate(f *findings, path string) {
	if len(validation.IsDNS1123Label(s.Namespace)) > 0 {
		f.refuse(child(path, "namespace"), "", "this is not the name of a namespace: expected %s", dnsLabel)
	}
	if len(validation.IsDNS1123Subdomain(s.Name)) > 0 {
		f.refuse(child(path, "name"), "", "this is not the name of a Secret: expected %s", dnsSubdomain)
	}
	if len(validation.IsConfigMapKey(s.Key)) > 0 {
		f.refuse(child(path, "key"), "", "this is not a key of a Secret: expected letters, digits, -, _ and ., such as url")
	}
}
