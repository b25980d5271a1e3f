package cluster

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/streaming/pkg/httpstream/wsstream"
)

// containersOf is a connection to a server that answers as told.
func containersOf(t *testing.T, answer http.HandlerFunc) *Cluster {
	t.Helper()
	server := httptest.NewServer(answer)
	t.Cleanup(server.Close)
	config := &rest.Config{Host: server.URL}
	client, err := kubernetes.NewForConfig(config)
	require.NoError(t, err)
	return &Cluster{Client: client, Watch: client, streams: config}
}

// inContainer runs a program as a kubelet does: what it says, and how it ended. Nil is no end.
func inContainer(t *testing.T, program func(in io.Reader, out, errOut io.Writer) *metav1.Status) http.HandlerFunc {
	t.Helper()
	return func(w http.ResponseWriter, r *http.Request) {
		conn := wsstream.NewConn(map[string]wsstream.ChannelProtocolConfig{"v5.channel.k8s.io": {Binary: true, Channels: []wsstream.ChannelType{
			wsstream.ReadChannel, wsstream.WriteChannel, wsstream.WriteChannel, wsstream.WriteChannel,
		}}})
		_, streams, err := conn.Open(w, r)
		if !assert.NoError(t, err) {
			return
		}
		defer conn.Close()
		status := program(streams[0], streams[1], streams[2])
		if status == nil {
			<-r.Context().Done()
			return
		}
		assert.NoError(t, json.NewEncoder(streams[3]).Encode(status))
	}
}

func ended(code int) *metav1.Status {
	if code == 0 {
		return &metav1.Status{Status: metav1.StatusSuccess}
	}
	return &metav1.Status{Status: metav1.StatusFailure, Reason: "NonZeroExitCode", Details: &metav1.StatusDetails{
		Causes: []metav1.StatusCause{{Type: "ExitCode", Message: fmt.Sprint(code)}},
	}}
}

func TestExec(t *testing.T) {
	for _, code := range []int{0, 3} {
		c := containersOf(t, func(w http.ResponseWriter, r *http.Request) {
			assert.Equal(t, "/api/v1/namespaces/shop/pods/web-1/exec", r.URL.Path)
			query := r.URL.Query()
			assert.Equal(t, []string{"cat", "-n"}, query["command"])
			assert.Equal(t, "app", query.Get("container"))
			assert.Empty(t, query.Get("tty"))
			inContainer(t, func(in io.Reader, out, errOut io.Writer) *metav1.Status {
				said, err := io.ReadAll(in)
				assert.NoError(t, err)
				_, _ = fmt.Fprintf(out, "read %d bytes", len(said))
				_, _ = fmt.Fprint(errOut, "and that was all")
				return ended(code)
			})(w, r)
		})
		var out, errOut bytes.Buffer
		got, err := c.Exec(t.Context(), "shop", "web-1", "app", []string{"cat", "-n"}, strings.NewReader(""), &out, &errOut)
		require.NoError(t, err)
		assert.Equal(t, code, got)
		assert.Equal(t, "read 0 bytes", out.String(), "the input ends at once")
		assert.Equal(t, "and that was all", errOut.String())
	}
}

// TestExecThatIsNotSeenToEnd gives an error in place of an exit code.
func TestExecThatIsNotSeenToEnd(t *testing.T) {
	c := containersOf(t, inContainer(t, func(io.Reader, io.Writer, io.Writer) *metav1.Status {
		return &metav1.Status{Status: metav1.StatusFailure, Reason: metav1.StatusReasonInternalError, Message: "no such program"}
	}))
	_, err := c.Exec(t.Context(), "shop", "web-1", "app", []string{"nope"}, strings.NewReader(""), io.Discard, io.Discard)
	require.ErrorContains(t, err, "no such program")

	c = containersOf(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusNotFound)
		_, _ = fmt.Fprint(w, `{"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "NotFound", "message": "pods \"web-1\" not found", "code": 404}`)
	})
	_, err = c.Exec(t.Context(), "shop", "web-1", "app", []string{"true"}, strings.NewReader(""), io.Discard, io.Discard)
	require.ErrorContains(t, err, "not found")

	begun := make(chan struct{})
	c = containersOf(t, inContainer(t, func(io.Reader, io.Writer, io.Writer) *metav1.Status {
		close(begun)
		return nil
	}))
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-begun
		cancel()
	}()
	_, err = c.Exec(ctx, "shop", "web-1", "app", []string{"sleep", "1000"}, strings.NewReader(""), io.Discard, io.Discard)
	require.ErrorIs(t, err, context.Canceled)
}

func TestLog(t *testing.T) {
	c := containersOf(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("previous") == "true" {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusBadRequest)
			_, _ = fmt.Fprint(w, `{"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "BadRequest", "message": "previous terminated container not found", "code": 400}`)
			return
		}
		_, _ = fmt.Fprint(w, r.URL.Path, " ", r.URL.Query().Encode())
	})
	log, err := c.Log(t.Context(), "shop", "web-1", "app", 1100*time.Millisecond, 1000, false)
	require.NoError(t, err)
	defer log.Close()
	asked, err := io.ReadAll(log)
	require.NoError(t, err)
	assert.Equal(t, "/api/v1/namespaces/shop/pods/web-1/log container=app&limitBytes=1000&sinceSeconds=2&timestamps=true", string(asked))
	_, err = c.Log(t.Context(), "shop", "web-1", "app", time.Second, 1000, true)
	assert.True(t, apierrors.IsBadRequest(err), "%v", err)
}

func TestPodStates(t *testing.T) {
	pods := corev1.PodList{TypeMeta: metav1.TypeMeta{Kind: "PodList", APIVersion: "v1"}, Items: []corev1.Pod{{
		ObjectMeta: metav1.ObjectMeta{Name: "web-1", Annotations: map[string]string{defaultContainer: "app"}},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "proxy"}, {Name: "app"}, {Name: "new"}}},
		Status: corev1.PodStatus{
			Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}},
			ContainerStatuses: []corev1.ContainerStatus{
				{Name: "app", State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}},
				{Name: "proxy", RestartCount: 2, State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{}}, LastTerminationState: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{}}},
			},
		},
	}, {
		ObjectMeta: metav1.ObjectMeta{Name: "web-2", DeletionTimestamp: &metav1.Time{Time: time.Now()}},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "app"}}},
		Status: corev1.PodStatus{Phase: corev1.PodSucceeded, ContainerStatuses: []corev1.ContainerStatus{
			{Name: "app", State: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{}}},
		}},
	}}}
	c := containersOf(t, func(w http.ResponseWriter, r *http.Request) {
		assert.Equal(t, "app=web", r.URL.Query().Get("labelSelector"))
		w.Header().Set("Content-Type", "application/json")
		assert.NoError(t, json.NewEncoder(w).Encode(pods))
	})
	states, err := c.PodStates(t.Context(), "shop", labels.SelectorFromSet(labels.Set{"app": "web"}))
	require.NoError(t, err)
	assert.Equal(t, []PodState{
		{Name: "web-1", Ready: true, Containers: []ContainerState{
			{Name: "app", Running: true, Began: true}, {Name: "proxy", Began: true, Restarted: true}, {Name: "new"},
		}},
		{Name: "web-2", Leaving: true, Containers: []ContainerState{{Name: "app", Began: true}}},
	}, states)
}
