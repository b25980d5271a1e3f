package faults

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func configuration() []faultCase {
	const catalogue, mode, password = "configMap: settings, key: catalogue.json", "configMap: settings, key: mode", "secret: credentials, key: password"
	corrupt := func(name, what string, inForce func(context.Context, *stage) error, build ...func(*objects)) faultCase {
		c := faultCase{fault: "configCorrupt", name: name, yaml: "- configCorrupt: {" + what + ", restart: true}", inForce: inForce, duration: 15 * time.Second}
		for _, b := range build {
			c.build = b
		}
		return c
	}
	return []faultCase{
		corrupt("truncate", catalogue+", mutation: truncate", complains("catalogue.json: unexpected EOF")),
		corrupt("garbage", catalogue, complains("catalogue.json: invalid character")),
		corrupt("drop", catalogue+", mutation: drop", complains("catalogue.json: no such file")),
		corrupt("flip", catalogue+", mutation: flip, at: \"products[0].price\"", complains("is not a positive number of cents")),
		corrupt("wrongType", catalogue+", mutation: wrongType, at: \"products[0].price\"", complains("cannot unmarshal string into")),
		corrupt("oversize", catalogue+", mutation: oversize", complains("there is more after the end of the document")),
		corrupt("value", mode+", value: ajar", complains("mode: \"ajar\" is neither")),
		corrupt("stale", catalogue+", from: {key: older.json}", sells("Old teapot"), withOlder),
		corrupt("binaryData", catalogue+", mutation: truncate", complains("catalogue.json: unexpected EOF"), inBinaryData),
		corrupt("an empty Secret", password+", mutation: empty", complains("the password is shorter than 8 characters")),
		corrupt("wrongCredential", password+", mutation: wrongCredential", locksOut),
		corrupt("a Secret in the environment", "secret: credentials, key: name, mutation: flip", callsItself("egats-eht"), namedBySecret),
		{
			fault: "configCorrupt", name: "mutations in turn", inForce: inTurn("", "op"), duration: 16 * time.Second,
			yaml: "- configCorrupt: {" + mode + ", mutations: [empty, truncate]}\n  repeat: {every: 8s, times: 2}\n  for: 6s",
		},
		{fault: "configDelete", yaml: "- configDelete: {configMap: settings, restart: true}", inForce: starves("configmap"), duration: 15 * time.Second, reborn: []string{"ConfigMap settings"}},
		{fault: "configDelete", name: "of a Secret", yaml: "- configDelete: {secret: credentials, restart: true}", inForce: starves("secret"), duration: 15 * time.Second, reborn: []string{"Secret credentials"}},
	}
}

// starves wants a new pod that does not start, since its kubelet does not find what it is to mount, beside all pods of before.
func starves(kind string) func(context.Context, *stage) error {
	return anyFresh(func(ctx context.Context, s *stage, pod *corev1.Pod) error {
		events, err := shared.client.CoreV1().Events(s.namespace).List(ctx, metav1.ListOptions{FieldSelector: "involvedObject.uid=" + string(pod.UID)})
		if err != nil {
			return err
		}
		for i := range events.Items {
			if e := &events.Items[i]; e.Reason == "FailedMount" && strings.Contains(e.Message, kind) && strings.Contains(e.Message, "not found") {
				_, lost, err := s.fresh(ctx)
				if err == nil && lost != 0 {
					err = fmt.Errorf("%d pods of before are gone", lost)
				}
				return err
			}
		}
		return errors.New("its kubelet does not say that the object is not found")
	})
}

// complains wants a new pod that is not ready since its configuration is broken in this way, beside all pods of before.
func complains(how string) func(context.Context, *stage) error {
	return anyFresh(func(ctx context.Context, s *stage, pod *corev1.Pod) error {
		a, err := ask(ctx, pod, "/readyz", "")
		if err != nil {
			return err
		}
		if a.status != http.StatusServiceUnavailable || !strings.Contains(a.body, how) {
			return fmt.Errorf("it does not complain that %s: %v", how, a)
		}
		if _, lost, err := s.fresh(ctx); err != nil || lost != 0 {
			return fmt.Errorf("%d pods of before are gone: %w", lost, err)
		}
		return nil
	})
}

// sells wants a new pod with that in its catalogue.
func sells(product string) func(context.Context, *stage) error {
	return anyFresh(func(ctx context.Context, s *stage, pod *corev1.Pod) error {
		a, err := ask(ctx, pod, "/products", s.credentials.StringData["password"])
		if err == nil && !strings.Contains(a.body, product) {
			err = fmt.Errorf("it does not sell it: %v", a)
		}
		return err
	})
}

// locksOut wants a new pod that serves, and not to who has the password.
func locksOut(ctx context.Context, s *stage) error {
	return anyFresh(func(ctx context.Context, s *stage, pod *corev1.Pod) error {
		if _, err := get(ctx, pod, "/readyz"); err != nil {
			return err
		}
		a, err := ask(ctx, pod, "/products", s.credentials.StringData["password"])
		if err == nil && a.status != http.StatusUnauthorized {
			err = fmt.Errorf("it lets in who has the password: %v", a)
		}
		return err
	})(ctx, s)
}

// callsItself wants a new pod that takes that for its name.
func callsItself(name string) func(context.Context, *stage) error {
	return anyFresh(func(ctx context.Context, _ *stage, pod *corev1.Pod) error {
		a, err := ask(ctx, pod, "/readyz", "")
		if err == nil && a.pod != name {
			err = fmt.Errorf("it calls itself %s", a.pod)
		}
		return err
	})
}

// inTurn wants the mode to have had these values one after the other, and to have the last one now.
func inTurn(values ...string) func(context.Context, *stage) error {
	seen := 0
	return func(ctx context.Context, s *stage) error {
		c, err := shared.client.CoreV1().ConfigMaps(s.namespace).Get(ctx, "settings", metav1.GetOptions{})
		if err != nil {
			return err
		}
		now, there := c.Data["mode"]
		if seen < len(values) && there && now == values[seen] {
			seen++
		}
		if seen < len(values) || now != values[len(values)-1] {
			return fmt.Errorf("%d of %d values were seen, and now it is %q", seen, len(values), now)
		}
		return nil
	}
}

// anyFresh wants it of one of the new pods.
func anyFresh(want func(context.Context, *stage, *corev1.Pod) error) func(context.Context, *stage) error {
	return func(ctx context.Context, s *stage) error {
		fresh, _, err := s.fresh(ctx)
		if err != nil {
			return err
		}
		missing := []error{errors.New("no new pod is as wanted")}
		for i := range fresh {
			err := want(ctx, s, &fresh[i])
			if err == nil {
				return nil
			}
			missing = append(missing, fmt.Errorf("%s: %w", fresh[i].Name, err))
		}
		return errors.Join(missing...)
	}
}

// answer is what a pod says.
type answer struct {
	status    int
	pod, body string
}

// ask asks a pod, past the Service, with a password.
func ask(ctx context.Context, pod *corev1.Pod, path, password string) (answer, error) {
	r, body, err := request(ctx, pod, path, "Bearer "+password)
	if err != nil {
		return answer{}, err
	}
	return answer{r.StatusCode, r.Header.Get("X-Pod"), body}, nil
}

// withOlder gives the ConfigMap an older catalogue beside the one in use.
func withOlder(o *objects) {
	o.settings.Data["older.json"] = `{"products": [{"name": "Old teapot", "price": 1990}]}`
}

// inBinaryData has the catalogue as what need not be text.
func inBinaryData(o *objects) {
	o.settings.BinaryData = map[string][]byte{"catalogue.json": []byte(o.settings.Data["catalogue.json"])}
	delete(o.settings.Data, "catalogue.json")
}

// namedBySecret gives the container a variable that comes from the Secret.
func namedBySecret(o *objects) {
	o.credentials.StringData["name"] = "the-stage"
	from := &corev1.SecretKeySelector{LocalObjectReference: corev1.LocalObjectReference{Name: o.credentials.Name}, Key: "name"}
	c := &o.deployment.Spec.Template.Spec.Containers[0]
	c.Env = append(c.Env, corev1.EnvVar{Name: "POD_NAME", ValueFrom: &corev1.EnvVarSource{SecretKeyRef: from}})
}
