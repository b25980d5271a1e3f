package leftover

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"

	"github.com/chaosctl/chaosctl/pkg/apply"
	"github.com/chaosctl/chaosctl/pkg/cluster"
	"github.com/chaosctl/chaosctl/pkg/inject"
	"github.com/chaosctl/chaosctl/pkg/journal"
	"github.com/chaosctl/chaosctl/pkg/lock"
)

// Run is a run that is in progress, or of which something is left.
type Run struct {
	ID string
	// Lease is nil where the run has none any more.
	Lease *lock.State
	// Objects are those that bear its mark.
	Objects []Marked
	// journals are Secrets that are known from elsewhere than the Lease.
	journals []reference
}

type reference struct{ namespace, name string }

// Marked is an object with markers of a run.
type Marked struct {
	Object  inject.Object
	Changes []*inject.Change
	// Copies and Broken are annotations that are no use: see [apply.Marks].
	Copies, Broken []string
	// Plain says that it bears marks of the run, and nothing else: the undo of the last of them leaves nothing.
	Plain bool
}

// Found is what there is of all runs.
type Found struct {
	// Runs are sorted by id, hence by age.
	Runs []*Run
	// Elsewhere are runs on targets in other namespaces than the one that was looked at: they have changed something that is
	// in none, a node say, or keep their journal here.
	Elsewhere []*Run
	// Hidden names the kinds that could not be looked at, with the reason.
	Hidden []string
}

// Run finds one by its id, on whatever target; nil where there is none.
func (f *Found) Run(id string) *Run {
	for _, r := range slices.Concat(f.Runs, f.Elsewhere) {
		if r.ID == id {
			return r
		}
	}
	return nil
}

func (f *Found) run(id string) *Run {
	if r := f.Run(id); r != nil {
		return r
	}
	r := &Run{ID: id}
	f.Runs = append(f.Runs, r)
	return r
}

// Find looks for runs in a namespace, and at what has none; in all namespaces where that is empty. It reads metadata
// alone, of every kind that the cluster serves and the user may list.
func Find(ctx context.Context, c *cluster.Cluster, namespace string) (*Found, error) {
	found := &Found{}
	if err := found.leases(ctx, c, namespace); err != nil {
		return nil, err
	}
	found.secrets(ctx, c, namespace)
	if err := found.objects(ctx, c, namespace); err != nil {
		return nil, err
	}
	if err := found.owners(ctx, c, namespace); err != nil {
		return nil, err
	}
	found.lookAgain(ctx, c)
	slices.SortFunc(found.Runs, func(a, b *Run) int { return cmp.Compare(a.ID, b.ID) })
	slices.Sort(found.Hidden)
	return found, ctx.Err()
}

// lookAgain reads the objects of runs without a Lease once more. A run, or its recovery by somebody else, may have come to its end
// since they were read: it gives up its Lease when all marks are gone.
func (f *Found) lookAgain(ctx context.Context, c *cluster.Cluster) {
	var all errgroup.Group
	all.SetLimit(sideBySide)
	for _, r := range f.Runs {
		if r.Lease != nil {
			continue
		}
		for i := range r.Objects {
			all.Go(func() error {
				r.Objects[i] = r.Objects[i].again(ctx, c, r.ID)
				return nil
			})
		}
	}
	_ = all.Wait() // what cannot be read is taken to be as it was
	f.Runs = slices.DeleteFunc(f.Runs, func(r *Run) bool {
		marked := len(r.Objects) > 0
		r.Objects = slices.DeleteFunc(r.Objects, func(m Marked) bool { return m.Object.Name == "" })
		return marked && r.Lease == nil && len(r.Objects)+len(r.journals) == 0
	})
}

// again is what the object bears of a run now; nothing where that is over.
func (m Marked) again(ctx context.Context, c *cluster.Cluster, run string) Marked {
	o, err := c.Metadata.Resource(m.Object.Resource).Namespace(m.Object.Namespace).Get(ctx, m.Object.Name, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err), err == nil && (o.UID != m.Object.UID || o.Labels[apply.RunLabel] != run):
		return Marked{}
	case err != nil:
		return m
	}
	return read(o, m.Object)
}

// read reads the marks of an object.
func read(o *metav1.PartialObjectMetadata, of inject.Object) Marked {
	marks := apply.ReadMarks(o, of)
	return Marked{Object: of, Changes: marks.Changes, Copies: marks.Copies, Broken: marks.Broken, Plain: marks.Plain(o.Labels[apply.RunLabel])}
}

// FindAt looks for the run that holds, or was the last to hold, one of the scopes. It is for those who may do no more than
// the run itself: it reads nothing but Leases by name, and so knows of no marks.
func FindAt(ctx context.Context, c *cluster.Cluster, scopes ...lock.Scope) (*Found, error) {
	found := &Found{}
	for _, scope := range scopes {
		lease, err := c.Client.CoordinationV1().Leases(scope.Namespace).Get(ctx, scope.Name, metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("the lease %s cannot be read: %w", scope, err)
		}
		found.hold(&coordinationv1.LeaseList{Items: []coordinationv1.Lease{*lease}})
	}
	return found, nil
}

func (f *Found) leases(ctx context.Context, c *cluster.Cluster, namespace string) error {
	list, err := c.Client.CoordinationV1().Leases(namespace).List(ctx, metav1.ListOptions{LabelSelector: lock.Label})
	if err != nil {
		return fmt.Errorf("the leases of runs cannot be listed: %w", err)
	}
	f.hold(list)
	return nil
}

// hold notes the Leases of runs.
func (f *Found) hold(list *coordinationv1.LeaseList) {
	for i := range list.Items {
		state, err := lock.ReadState(&list.Items[i])
		if err != nil {
			f.Hidden = append(f.Hidden, err.Error())
			continue
		}
		f.run(state.Holder.Run).Lease = &state
	}
}

// owners looks again for the Leases of runs that seem to have none, without which nobody would know that they live: one may
// have begun since the Leases were read, or its target may be in another namespace, and only something that is in none,
// or its journal, have come into sight.
func (f *Found) owners(ctx context.Context, c *cluster.Cluster, namespace string) error {
	var ids []string
	for _, r := range f.Runs {
		if r.Lease == nil {
			ids = append(ids, r.ID)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	of := metav1.ListOptions{LabelSelector: lock.Label + " in (" + strings.Join(ids, ",") + ")"}
	list, err := c.Client.CoordinationV1().Leases("").List(ctx, of)
	hidden := apierrors.IsForbidden(err) && namespace != ""
	if hidden {
		list, err = c.Client.CoordinationV1().Leases(namespace).List(ctx, of)
	}
	if err != nil {
		return fmt.Errorf("the leases of runs cannot be listed: %w", err)
	}
	f.hold(list)
	f.Runs = slices.DeleteFunc(f.Runs, func(r *Run) bool {
		unknown := hidden && r.Lease == nil && !r.in(namespace)
		if unknown {
			f.Hidden = append(f.Hidden, fmt.Sprintf("run %s, which may be in progress in another namespace: leases of all namespaces: not permitted", r.ID))
		}
		elsewhere := unknown || namespace != "" && r.Lease != nil && r.Lease.Scope.Namespace != namespace
		if elsewhere {
			f.Elsewhere = append(f.Elsewhere, r)
		}
		return elsewhere
	})
	return nil
}

// in says that the run has changed something in a namespace, which it does in that of its target alone.
func (r *Run) in(namespace string) bool {
	return slices.ContainsFunc(r.Objects, func(m Marked) bool { return m.Object.Namespace == namespace })
}

// secrets finds journals whose Lease is gone. Those who may not list Secrets learn of journals from Leases alone.
func (f *Found) secrets(ctx context.Context, c *cluster.Cluster, namespace string) {
	list, err := c.Metadata.Resource(corev1.SchemeGroupVersion.WithResource("secrets")).Namespace(namespace).List(ctx, metav1.ListOptions{LabelSelector: journal.Label})
	if err != nil {
		f.Hidden = append(f.Hidden, "secrets: "+reason(err))
		return
	}
	for i := range list.Items {
		s := &list.Items[i]
		if !journal.IsChunk(s.Name) {
			r := f.run(s.Labels[journal.Label])
			r.journals = append(r.journals, reference{s.Namespace, s.Name})
		}
	}
}

// scans is how many kinds are listed at once.
const scans = 16

// objects looks for markers on objects of all kinds.
func (f *Found) objects(ctx context.Context, c *cluster.Cluster, namespace string) error {
	kinds, err := markable(c.Client.Discovery(), namespace)
	if err != nil {
		return err
	}
	var mu sync.Mutex
	var all sync.WaitGroup
	slots := make(chan struct{}, scans)
	for _, k := range kinds {
		slots <- struct{}{}
		all.Go(func() {
			defer func() { <-slots }()
			marked, err := k.scan(ctx, c, namespace)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				f.Hidden = append(f.Hidden, k.resource.GroupResource().String()+": "+reason(err))
				return
			}
			for run, objects := range marked {
				r := f.run(run)
				r.Objects = append(r.Objects, objects...)
			}
		})
	}
	all.Wait()
	for _, r := range f.Runs {
		slices.SortFunc(r.Objects, func(a, b Marked) int { return cmp.Compare(describe(a.Object), describe(b.Object)) })
	}
	return ctx.Err()
}

// reason leaves out of an error what the reader knows.
func reason(err error) string {
	if apierrors.IsForbidden(err) {
		return "not permitted"
	}
	return err.Error()
}

// kind is one that can bear markers.
type kind struct {
	resource   schema.GroupVersionResource
	name       string
	namespaced bool
}

// markable lists the kinds that can be listed and patched.
func markable(client discovery.DiscoveryInterface, namespace string) ([]kind, error) {
	lists, err := discovery.ServerPreferredResources(client)
	// An aggregated API that is down hides its own kinds alone.
	if err != nil && !discovery.IsGroupDiscoveryFailedError(err) {
		return nil, fmt.Errorf("the cluster does not say what kinds it serves: %w", err)
	}
	var kinds []kind
	for _, list := range lists {
		gv, err := schema.ParseGroupVersion(list.GroupVersion)
		if err != nil {
			continue
		}
		for _, r := range list.APIResources {
			if strings.Contains(r.Name, "/") || !slices.Contains(r.Verbs, "list") || !slices.Contains(r.Verbs, "patch") || r.Kind == "Event" {
				continue
			}
			kinds = append(kinds, kind{gv.WithResource(r.Name), r.Kind, r.Namespaced})
		}
	}
	return kinds, nil
}

// page is how many objects are read at once.
const page = 500

func (k kind) scan(ctx context.Context, c *cluster.Cluster, namespace string) (map[string][]Marked, error) {
	if !k.namespaced {
		namespace = ""
	}
	byRun := map[string][]Marked{}
	options := metav1.ListOptions{LabelSelector: apply.RunLabel, Limit: page}
	for {
		list, err := c.Metadata.Resource(k.resource).Namespace(namespace).List(ctx, options)
		if err != nil {
			return nil, err
		}
		for i := range list.Items {
			o := &list.Items[i]
			of := inject.Object{Resource: k.resource, Kind: k.name, Namespace: o.Namespace, Name: o.Name, UID: o.UID}
			run := o.Labels[apply.RunLabel]
			byRun[run] = append(byRun[run], read(o, of))
		}
		if options.Continue = list.Continue; options.Continue == "" {
			return byRun, nil
		}
	}
}

// describe names an object as people do: ConfigMap shop/settings.
func describe(o inject.Object) string {
	if o.Namespace == "" {
		return o.Kind + " " + o.Name
	}
	return o.Kind + " " + o.Namespace + "/" + o.Name
}
