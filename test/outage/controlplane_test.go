package outage

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/chaosctl/chaosctl/pkg/report"
)

// The tests of this file are not parallel: what they stop is everybody's.

// TestStorageStandsStill proves that an undo waits for an API server that takes requests and cannot answer them.
func TestStorageStandsStill(t *testing.T) {
	s := newScene(t, faults)
	p := s.start(t, shared.Kubeconfig, s.experiment(t, 5*time.Minute))
	require.NoError(t, shared.PauseComponent(t.Context(), "etcd"))
	resume := func() error { return shared.ResumeComponent(context.WithoutCancel(t.Context()), "etcd") }
	t.Cleanup(func() { assert.NoError(t, resume()) })
	p.Signal(t, interrupt)
	p.Says(t, "waiting for the API server: no answer for 2s")
	require.NoError(t, resume())
	s.assertOutcome(t, p, interrupted)
}

// TestRequestTimeoutDoesNotEndTheUndo proves that --request-timeout bounds a request, and not the undo.
func TestRequestTimeoutDoesNotEndTheUndo(t *testing.T) {
	s := newScene(t, faults)
	p := s.start(t, shared.Kubeconfig, s.experiment(t, 5*time.Minute), "--request-timeout", "1s")
	require.NoError(t, shared.PauseComponent(t.Context(), "etcd"))
	resume := func() error { return shared.ResumeComponent(context.WithoutCancel(t.Context()), "etcd") }
	t.Cleanup(func() { assert.NoError(t, resume()) })
	p.Signal(t, interrupt)
	p.Says(t, "waiting for the API server")
	require.NoError(t, resume())
	s.assertOutcome(t, p, interrupted)
}

// TestAPIServerRestarts proves that an undo waits for an API server that was killed, and bears with what it answers while
// it starts: it does not know the roles at first, so it forbids what it will allow.
func TestAPIServerRestarts(t *testing.T) {
	s := newScene(t, faults)
	operator := s.operator(t)
	p := s.start(t, shared.Kubeconfig, s.experiment(t, 5*time.Minute), "--as", operator)
	require.NoError(t, shared.StopComponent(t.Context(), "kube-apiserver"))
	start := func() error { return shared.StartComponent(context.WithoutCancel(t.Context()), "kube-apiserver") }
	t.Cleanup(func() { assert.NoError(t, start()) })
	p.Signal(t, interrupt)
	p.Says(t, "waiting for the API server")
	require.NoError(t, start())
	s.assertOutcome(t, p, interrupted)
}

// operator is a user who may do everything, by a role that the API server has to read, unlike an administrator's group.
func (s *scene) operator(t *testing.T) string {
	t.Helper()
	bindings := shared.client.RbacV1().ClusterRoleBindings()
	_, err := bindings.Create(t.Context(), &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: s.namespace},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "cluster-admin"},
		Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: s.namespace}},
	}, metav1.CreateOptions{})
	require.NoError(t, err)
	return s.namespace
}

// TestAPIServerRestartsInTheRun proves the same where the undo begins by itself, at the end of the fault window, and
// that a number of pods that must be there all the time is not claimed of the time in which nobody saw them: an API server that
// was started anew does not know what happened before, so the watch begins anew, too.
func TestAPIServerRestartsInTheRun(t *testing.T) {
	s := newScene(t, faults)
	p := s.start(t, shared.Kubeconfig, s.experiment(t, 2*time.Second), "--as", s.operator(t))
	require.NoError(t, shared.StopComponent(t.Context(), "kube-apiserver"))
	start := func() error { return shared.StartComponent(context.WithoutCancel(t.Context()), "kube-apiserver") }
	t.Cleanup(func() { assert.NoError(t, start()) })
	p.Says(t, "waiting for the API server")
	require.NoError(t, start())
	s.assertOutcome(t, p, outcome{report.ExitUnknown, report.Unknown, report.UndoClean})
}
