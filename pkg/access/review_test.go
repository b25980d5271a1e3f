package access_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	authorizationv1 "k8s.io/api/authorization/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/chaosctl/chaosctl/pkg/access"
)

// reviewer answers by a function, and counts.
type reviewer struct {
	allows           func(authorizationv1.ResourceAttributes) (bool, error)
	asked            atomic.Int32
	atOnce, greatest atomic.Int32
}

func (r *reviewer) Create(_ context.Context, review *authorizationv1.SelfSubjectAccessReview, _ metav1.CreateOptions) (*authorizationv1.SelfSubjectAccessReview, error) {
	r.asked.Add(1)
	now := r.atOnce.Add(1)
	defer r.atOnce.Add(-1)
	for greatest := r.greatest.Load(); now > greatest && !r.greatest.CompareAndSwap(greatest, now); greatest = r.greatest.Load() {
	}
	allowed, err := r.allows(*review.Spec.ResourceAttributes)
	review.Status.Allowed = allowed
	return review, err
}

func TestReview(t *testing.T) {
	r := &reviewer{allows: func(a authorizationv1.ResourceAttributes) (bool, error) { return a.Verb != "patch", nil }}
	answers, err := access.Review(t.Context(), r, []access.Need{
		need("list", nodes, "see"), need("patch", nodes, "cordon the node"), need("get", onePod, "look"), need("get", podsHere, "look"),
	})
	require.NoError(t, err)
	assert.Equal(t, []access.Answer{
		{Need: need("list", nodes, "see"), Allowed: true}, {Need: need("patch", nodes, "cordon the node")}, {Need: need("get", podsHere, "look"), Allowed: true},
	}, answers)
	assert.EqualValues(t, 3, r.asked.Load(), "what is covered is not asked for")

	missing, err := access.Check(t.Context(), r, []access.Need{need("patch", nodes, "cordon the node")})
	require.NoError(t, err)
	assert.Equal(t, []access.Need{need("patch", nodes, "cordon the node")}, missing)

	denied := &access.Denied{Answers: answers}
	assert.EqualError(t, denied, "missing permission: patch nodes (cordon the node)")
	assert.Equal(t, missing, denied.Missing())
}

func TestReviewAsksAsTheServerDecides(t *testing.T) {
	var asked []authorizationv1.ResourceAttributes
	r := &reviewer{allows: func(a authorizationv1.ResourceAttributes) (bool, error) {
		asked = append(asked, a)
		return true, nil
	}}
	for _, on := range []access.Object{
		podsEverywhere, onePod, {Resource: "pods", Subresource: "eviction", Namespace: "shop"}, {Resource: "namespaces", Name: "kube-system"},
	} {
		_, err := access.Review(t.Context(), r, []access.Need{need("get", on, "")})
		require.NoError(t, err)
	}
	assert.Equal(t, []authorizationv1.ResourceAttributes{
		{Verb: "get", Resource: "pods"},
		{Verb: "get", Resource: "pods", Namespace: "shop", Name: "web-0"},
		{Verb: "get", Resource: "pods", Subresource: "eviction", Namespace: "shop"},
		{Verb: "get", Resource: "namespaces", Namespace: "kube-system", Name: "kube-system"},
	}, asked)
}

func TestReviewIsBounded(t *testing.T) {
	r := &reviewer{allows: func(authorizationv1.ResourceAttributes) (bool, error) { return true, nil }}
	var needs []access.Need
	for _, name := range []string{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o", "p", "q", "r", "s", "t"} {
		needs = append(needs, need("get", access.Object{Resource: "pods", Namespace: "shop", Name: name}, ""))
	}
	answers, err := access.Review(t.Context(), r, needs)
	require.NoError(t, err)
	assert.Len(t, answers, len(needs))
	assert.LessOrEqual(t, r.greatest.Load(), int32(8))
}

func TestReviewFails(t *testing.T) {
	broken := errors.New("broken")
	r := &reviewer{allows: func(authorizationv1.ResourceAttributes) (bool, error) { return true, broken }}
	answers, err := access.Review(t.Context(), r, []access.Need{need("get", nodes, "")})
	assert.ErrorIs(t, err, broken)
	assert.Nil(t, answers, "an answer that did not come is no permission")
}
