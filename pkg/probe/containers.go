package probe

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/chaosctl/chaosctl/pkg/experiment"
)

// Pods is a World whose pods can be looked into.
type Pods interface {
	// Pods lists the pods of the target's namespace that have labels, or those of the target where there are no labels.
	Pods(ctx context.Context, labels map[string]string) ([]Pod, error)
}

// Execer is a World in whose containers programs can be run.
type Execer interface {
	Pods
	// Exec runs a program in a container to its end, or that of ctx, and gives its exit code. An error means that it was not
	// seen to end.
	Exec(ctx context.Context, pod, container string, argv []string, in io.Reader, out, errOut io.Writer) (exitCode int, err error)
}

// LogReader is a World whose logs can be read.
type LogReader interface {
	Pods
	// Log is what a container has written in a time up to now, at most so many bytes of it: lines that begin with their instant.
	// Previous is the log of the container's life before its last restart.
	Log(ctx context.Context, pod, container string, span time.Duration, limit int64, previous bool) (io.ReadCloser, error)
}

// Pod is a pod as these probes see it.
type Pod struct {
	Name string
	// Ready says that it is, and Leaving that it is on its way out.
	Ready, Leaving bool
	// Containers are its own, the one that is meant where none is named first.
	Containers []Container
}

// Container is a container of a pod.
type Container struct {
	Name string
	// Running says that it runs; Began that it does, or has; Restarted that it had a life before this one.
	Running, Began, Restarted bool
}

// container finds the one that is named, or the one that is meant where none is.
func (p Pod) container(name string) (Container, bool) {
	i := slices.IndexFunc(p.Containers, func(c Container) bool { return name == "" || c.Name == name })
	if i < 0 {
		return Container{}, false
	}
	return p.Containers[i], true
}

// Choice says which pods, and which of their containers, a probe looks into.
type Choice struct {
	// Container is the name of the container.
	Container string `json:"container,omitempty" form:"dns-label"`
	// Selector is a set of labels that pods of the target's namespace must have; without it, they are the target's.
	Selector map[string]string `json:"selector,omitempty" form:"label-value"`
}

func (o Choice) check(c *experiment.Check) {
	if o.Container != "" && len(validation.IsDNS1123Label(o.Container)) > 0 {
		c.Fail("container", "%q is not the name of a container: expected lower-case letters, digits and -", o.Container)
	}
	for key, value := range o.Selector {
		if len(validation.IsQualifiedName(key)) > 0 || len(validation.IsValidLabelValue(value)) > 0 {
			c.Fail("selector", "%q: %q is not a label and its value: expected something like app: web", key, value)
		}
	}
}

// whose are the pods, in words.
func (o Choice) whose() string {
	if len(o.Selector) > 0 {
		return "the selector"
	}
	return "the target"
}

// ordered are the pods by what one would choose: those that stay before those that leave, those that are ready before those that
// are not, then by name, so that check after check looks at the same.
func ordered(pods []Pod) []Pod {
	rank := func(p Pod) int {
		switch {
		case p.Leaving:
			return 2
		case !p.Ready:
			return 1
		}
		return 0
	}
	return slices.SortedFunc(slices.Values(pods), func(a, b Pod) int {
		if d := rank(a) - rank(b); d != 0 {
			return d
		}
		return strings.Compare(a.Name, b.Name)
	})
}

// atOnce bounds how many containers are looked into at one time.
const atOnce = 8

// eachOf does something for each of several, some at once, and returns their errors in order.
func eachOf[T any](all []T, do func(T) error) []error {
	errs := make([]error, len(all))
	slots := make(chan struct{}, atOnce)
	var wait sync.WaitGroup
	for i, one := range all {
		slots <- struct{}{}
		wait.Go(func() {
			defer func() { <-slots }()
			errs[i] = do(one)
		})
	}
	wait.Wait()
	return errs
}

// weightiest is the error that counts: that something does not hold, before that it could not be measured.
func weightiest(errs []error) error {
	var unmeasured error
	for _, err := range errs {
		switch {
		case err == nil:
		case !errors.Is(err, ErrUnknown):
			return err
		case unmeasured == nil:
			unmeasured = err
		}
	}
	return unmeasured
}
