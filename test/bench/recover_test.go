package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/chaosctl/chaosctl/lab"
	"github.com/chaosctl/chaosctl/pkg/apply"
	"github.com/chaosctl/chaosctl/pkg/cluster"
	"github.com/chaosctl/chaosctl/pkg/event"
	"github.com/chaosctl/chaosctl/pkg/inject"
	"github.com/chaosctl/chaosctl/pkg/journal"
	"github.com/chaosctl/chaosctl/pkg/leftover"
	"github.com/chaosctl/chaosctl/pkg/lock"
	"github.com/chaosctl/chaosctl/test/internal/binary"
)

// BenchmarkRecover compares the recovery of a dead run with raw loops of the same patches: one after another, as a script
// would send them, and 16 side by side, as recover does. A ratio of 1 means that finding, reading, deciding and reporting
// cost nothing.
func BenchmarkRecover(b *testing.B) {
	l := lab.Start(b, lab.Options{Name: binary.LabName("bench"), Profile: "control-plane"})
	for _, entries := range []int{10, 1_000, 10_000} {
		b.Run(fmt.Sprint(entries), func(b *testing.B) {
			var ours, serial, parallel time.Duration
			for b.Loop() {
				ours += newWreck(b, l, entries).recover(b)
				serial += newWreck(b, l, entries).patchAll(b, 1)
				parallel += newWreck(b, l, entries).patchAll(b, 16)
			}
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(float64(entries*b.N)/ours.Seconds(), "undos/s")
			b.ReportMetric(serial.Seconds()/ours.Seconds(), "of-serial-loop")
			b.ReportMetric(parallel.Seconds()/ours.Seconds(), "of-parallel-loop")
		})
	}
}

// wreck is what a run has left that was killed: a journal, and as many changed ConfigMaps.
type wreck struct {
	cluster   *cluster.Cluster
	namespace string
	run       string
	changes   []*inject.Change
}

type quiet struct{}

func (quiet) Record(event.Payload) {}

func newWreck(b *testing.B, l *lab.Lab, entries int) *wreck {
	b.StopTimer()
	defer b.StartTimer()
	rules := &clientcmd.ClientConfigLoadingRules{ExplicitPath: l.Kubeconfig}
	c, err := cluster.Connect(clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, nil), "bench", nil)
	require.NoError(b, err)
	ctx := b.Context()
	namespace, err := c.Client.CoreV1().Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "wreck-"}}, metav1.CreateOptions{})
	require.NoError(b, err)
	w := &wreck{cluster: c, namespace: namespace.Name, run: "20260102-150405-" + namespace.Name}
	identity, err := c.Identity(ctx)
	require.NoError(b, err)

	maps := make([]inject.Change, entries)
	group, groupCtx := errgroup.WithContext(ctx)
	group.SetLimit(32)
	for i := range entries {
		group.Go(func() error {
			created, err := c.Client.CoreV1().ConfigMaps(w.namespace).Create(groupCtx, &corev1.ConfigMap{
				ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("settings-%05d", i)}, Data: map[string]string{"mode": "fast", "other": "x"},
			}, metav1.CreateOptions{})
			if err != nil {
				return err
			}
			maps[i] = inject.Change{
				ID: fmt.Sprintf("break/1/%05d", i), Fault: "break",
				Object: inject.Object{Resource: corev1.SchemeGroupVersion.WithResource("configmaps"), Kind: "ConfigMap", Namespace: w.namespace, Name: created.Name, UID: created.UID},
				Edit:   &inject.Edit{Fields: []inject.Field{{Path: []string{"data", "mode"}, Original: json.RawMessage(`"fast"`), Value: json.RawMessage(`"broken"`)}}},
			}
			return nil
		})
	}
	require.NoError(b, group.Wait())

	// The process that is named as the holder is none, as after a kill.
	scope := lock.Scope{Namespace: w.namespace, Name: "chaosctl-deployment-web"}
	holder := lock.Self(w.run, "bench")
	holder.JournalNamespace, holder.Journal, holder.Process.Started = w.namespace, scope.JournalName(), "0"
	held, err := lock.Acquire(ctx, c.Client, scope, holder)
	require.NoError(b, err)
	b.Cleanup(func() { _ = held.Release(context.WithoutCancel(ctx), false) })
	j, err := journal.CreateSecret(ctx, c.Client.CoreV1().Secrets(w.namespace), holder.Journal, journal.Header{Version: journal.Version, Run: w.run, Cluster: identity.UID, Began: time.Now()})
	require.NoError(b, err)
	require.NoError(b, apply.New(c, w.run, j, quiet{}).Apply(ctx, maps))
	for i := range maps {
		w.changes = append(w.changes, &maps[i])
	}
	return w
}

// recover is what `chaosctl recover` does, search and all.
func (w *wreck) recover(b *testing.B) time.Duration {
	identity, err := w.cluster.Identity(b.Context())
	require.NoError(b, err)
	began := time.Now()
	found, err := leftover.Find(b.Context(), w.cluster, w.namespace)
	require.NoError(b, err)
	outcome, err := (&leftover.Recovery{Cluster: w.cluster, UID: identity.UID, Command: "bench"}).Recover(b.Context(), found.Run(w.run))
	took := time.Since(began)
	require.NoError(b, err)
	require.False(b, outcome.Left, "%v", outcome.Notes)
	require.Len(b, outcome.Items, len(w.changes))
	w.check(b)
	return took
}

// patchAll is the raw loop: it knows what to write, and asks nothing.
func (w *wreck) patchAll(b *testing.B, sideBySide int) time.Duration {
	list, err := w.cluster.Client.CoreV1().ConfigMaps(w.namespace).List(b.Context(), metav1.ListOptions{LabelSelector: apply.RunLabel})
	require.NoError(b, err)
	require.Len(b, list.Items, len(w.changes))
	group, ctx := errgroup.WithContext(b.Context())
	group.SetLimit(sideBySide)
	began := time.Now()
	for i := range list.Items {
		group.Go(func() error {
			o := &list.Items[i]
			annotations := map[string]any{}
			for name := range o.Annotations {
				annotations[name] = nil
			}
			patch, err := json.Marshal(map[string]any{
				"metadata": map[string]any{"uid": o.UID, "resourceVersion": o.ResourceVersion, "annotations": annotations, "labels": map[string]any{apply.RunLabel: nil}},
				"data":     map[string]any{"mode": "fast"},
			})
			if err != nil {
				return err
			}
			_, err = w.cluster.Client.CoreV1().ConfigMaps(w.namespace).Patch(ctx, o.Name, types.MergePatchType, patch, metav1.PatchOptions{})
			return err
		})
	}
	require.NoError(b, group.Wait())
	took := time.Since(began)
	w.check(b)
	return took
}

// check wants every ConfigMap as it was.
func (w *wreck) check(b *testing.B) {
	list, err := w.cluster.Client.CoreV1().ConfigMaps(w.namespace).List(b.Context(), metav1.ListOptions{FieldSelector: "metadata.name!=kube-root-ca.crt"})
	require.NoError(b, err)
	require.Len(b, list.Items, len(w.changes))
	for i := range list.Items {
		o := &list.Items[i]
		require.Equal(b, map[string]string{"mode": "fast", "other": "x"}, o.Data)
		require.Empty(b, o.Annotations)
		require.Empty(b, o.Labels)
	}
}

// BenchmarkJournal compares the append to the local journal of one fault with a bare write and fsync of as many bytes, in
// turn on the same disk.
func BenchmarkJournal(b *testing.B) {
	c := &inject.Change{
		ID: "break/1/settings", Object: inject.Object{Resource: corev1.SchemeGroupVersion.WithResource("configmaps"), Kind: "ConfigMap", Namespace: "shop", Name: "settings", UID: "5d0b"},
		Edit: &inject.Edit{Fields: []inject.Field{{Path: []string{"data", "mode"}, Original: json.RawMessage(`"fast"`), Value: json.RawMessage(`"broken"`)}}},
	}
	text, err := json.Marshal(journal.Entry{Change: c})
	require.NoError(b, err)
	directory := b.TempDir()
	j, err := journal.CreateFile(filepath.Join(directory, "journal"), journal.Header{Version: journal.Version, Run: "bench"})
	require.NoError(b, err)
	bare, err := os.Create(filepath.Join(directory, "bare"))
	require.NoError(b, err)
	var ours, theirs time.Duration
	for b.Loop() {
		began := time.Now()
		require.NoError(b, j.Append(b.Context(), journal.Entry{Change: c}))
		middle := time.Now()
		_, err := bare.Write(append(text, '\n'))
		require.NoError(b, err)
		require.NoError(b, bare.Sync())
		ours += middle.Sub(began)
		theirs += time.Since(middle)
	}
	require.NoError(b, bare.Close())
	require.NoError(b, j.Close())
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(ours.Seconds()*1000/float64(b.N), "append-ms")
	b.ReportMetric(theirs.Seconds()*1000/float64(b.N), "fsync-ms")
	b.ReportMetric(ours.Seconds()/theirs.Seconds(), "ratio")
}
