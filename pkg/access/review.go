package access

import (
	"context"
	"strings"
	"sync"

	authorizationv1 "k8s.io/api/authorization/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Reviewer asks the API server what the caller may do; client-go's client of SelfSubjectAccessReviews is one. Every
// account may ask this, by the ClusterRole system:basic-user.
type Reviewer interface {
	Create(context.Context, *authorizationv1.SelfSubjectAccessReview, metav1.CreateOptions) (*authorizationv1.SelfSubjectAccessReview, error)
}

// Answer is what the API server says to a need.
type Answer struct {
	Need
	Allowed bool `json:"allowed"`
}

// Denied says that permissions are missing, so that a run would fail half-way.
type Denied struct {
	// Answers are all that were asked for, the missing ones among them.
	Answers []Answer
}

// Missing lists the needs that were denied.
func (d *Denied) Missing() []Need { return Missing(d.Answers) }

func (d *Denied) Error() string { return strings.Join(d.Lines(), "; ") }

// Lines say what is missing, one permission each.
func (d *Denied) Lines() []string {
	var lines []string
	for _, n := range d.Missing() {
		lines = append(lines, "missing permission: "+n.String()+" ("+n.Why+")")
	}
	return lines
}

// Missing lists the needs that were denied.
func Missing(answers []Answer) []Need {
	var missing []Need
	for _, a := range answers {
		if !a.Allowed {
			missing = append(missing, a.Need)
		}
	}
	return missing
}

// Check lists the needs that the API server would deny.
func Check(ctx context.Context, reviewer Reviewer, needs []Need) ([]Need, error) {
	answers, err := Review(ctx, reviewer, needs)
	return Missing(answers), err
}

// atOnce is how many questions are under way at a time.
const atOnce = 8

// Review asks about each need that no other covers, and gives the answers in their order.
func Review(ctx context.Context, reviewer Reviewer, needs []Need) ([]Answer, error) {
	needs = Minimal(needs)
	answers, errs := make([]Answer, len(needs)), make([]error, len(needs))
	slots := make(chan struct{}, atOnce)
	var wait sync.WaitGroup
	for i, n := range needs {
		slots <- struct{}{}
		wait.Go(func() {
			defer func() { <-slots }()
			answers[i].Need = n
			answers[i].Allowed, errs[i] = ask(ctx, reviewer, n)
		})
	}
	wait.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, err // the others are mostly the same
		}
	}
	return answers, nil
}

func ask(ctx context.Context, reviewer Reviewer, n Need) (bool, error) {
	attributes := &authorizationv1.ResourceAttributes{
		Verb: n.Verb, Group: n.Group, Resource: n.Resource, Subresource: n.Subresource, Namespace: n.Namespace, Name: n.Name,
	}
	switch {
	case n.Namespace == Everywhere:
		attributes.Namespace = metav1.NamespaceAll
	case n.Group == "" && n.Resource == "namespaces":
		// The server takes a namespace to lie in itself, so that a Role there can allow it.
		attributes.Namespace = n.Name
	}
	review, err := reviewer.Create(ctx, &authorizationv1.SelfSubjectAccessReview{
		Spec: authorizationv1.SelfSubjectAccessReviewSpec{ResourceAttributes: attributes},
	}, metav1.CreateOptions{})
	if err != nil {
		return false, err
	}
	return review.Status.Allowed, nil
}
