//go:build linux

package lab

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/chaosctl/chaosctl/lab/internal/advice"
	"github.com/chaosctl/chaosctl/lab/internal/host"
	"github.com/chaosctl/chaosctl/lab/internal/network"
	"github.com/chaosctl/chaosctl/lab/internal/registry"
)

const (
	// startWithin bounds how long a lab may take to start, its components being built.
	startWithin = 3 * time.Minute
	// spacePerLab is free space that a lab may come to need, in bytes.
	spacePerLab = 1 << 30
	// The inotify instances that a control plane and a node hold, most of them to follow their certificates. Pods need
	// none.
	instancesOfControlPlane = 11
	instancesPerNode        = 9
)

// Up makes a lab and returns when its nodes are ready and pods can be created. Components that
// are not built yet are built first. A lab of that name that is running already is returned as it
// is, with Existing set; one that was left half made is made anew. If Up fails, nothing is left.
func Up(ctx context.Context, options Options) (*Lab, error) {
	o, err := options.complete()
	if err != nil {
		return nil, err
	}
	if err := host.Check(); err != nil {
		return nil, err
	}
	if err := checkStateRoot(o.StateRoot); err != nil {
		return nil, err
	}
	if running, err := existing(ctx, o); running != nil || err != nil {
		return running, err
	}
	programs, err := build(ctx, o)
	if err != nil {
		return nil, err
	}
	labs := registry.Open(registry.DefaultDir)
	release, err := labs.Lock(ctx, o.Name, func() { o.Log("another command works on lab %s: waiting for it", o.Name) })
	if err != nil {
		return nil, err
	}
	defer release()
	if running, err := settle(ctx, labs, o); running != nil || err != nil {
		return running, err
	}
	if err := host.Instances(instancesOfControlPlane + o.Nodes*instancesPerNode); err != nil {
		return nil, errors.Join(err, forgetName(context.WithoutCancel(ctx), labs, o.Name))
	}
	l, err := reserve(ctx, labs, o, programs)
	if err != nil {
		return nil, errors.Join(err, forgetName(context.WithoutCancel(ctx), labs, o.Name))
	}
	if err := l.make(ctx, o); err != nil {
		return nil, err
	}
	return l, nil
}

// existing returns the lab if it runs, so that nothing need be built to find that out.
func existing(ctx context.Context, o Options) (*Lab, error) {
	labs := registry.Open(registry.DefaultDir)
	record, err := labs.Load(o.Name)
	if errors.Is(err, registry.ErrNotFound) || err == nil && record.Phase != registry.Running {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return adopt(ctx, labs, record, o)
}

// settle deals with what there is of that name. The caller holds the lab's lock.
func settle(ctx context.Context, labs *registry.Registry, o Options) (*Lab, error) {
	record, err := labs.Load(o.Name)
	switch {
	case errors.Is(err, registry.ErrNotFound):
		return nil, nil
	case err != nil:
		return nil, err
	case record.Phase == registry.Running:
		return adopt(ctx, labs, record, o)
	}
	o.Log("lab %s was left half made: removing it first", o.Name)
	l, err := load(labs, record)
	if err != nil {
		return nil, err
	}
	return nil, l.remove(ctx)
}

// adopt returns a lab that is registered as running, unless part of it is dead.
func adopt(ctx context.Context, labs *registry.Registry, record registry.Record, o Options) (*Lab, error) {
	l, err := load(labs, record)
	if err != nil {
		return nil, err
	}
	l.log = o.Log
	for _, component := range l.components() {
		if component.State == Dead {
			return nil, advice.New(fmt.Sprintf("see `lab logs --name %s %s`, then run `lab down --name %s` and `lab up` again", l.Name, component.Name, l.Name),
				"lab %s is there, but its %s has died", l.Name, component.Name)
		}
	}
	l.Existing = true
	return l, nil
}

func checkStateRoot(root string) error {
	if err := host.Writable(root); err != nil {
		return err
	}
	return host.Room(root, spacePerLab, "a lab", "--state-dir")
}

// reserve registers the lab. From here on it exists, and remove takes it away.
func reserve(ctx context.Context, labs *registry.Registry, o Options, programs map[string]string) (*Lab, error) {
	record := registry.Record{
		Name: o.Name, StateDir: filepath.Join(o.StateRoot, o.Name), Phase: registry.Creating,
		Profile: string(o.Profile), Addons: o.Addons, Created: time.Now().UTC(), Programs: programs,
	}
	for i := range o.Nodes {
		record.Nodes = append(record.Nodes, registry.Node{
			Name: fmt.Sprintf("node%d", i+1), Zone: fmt.Sprintf("z%d", i%o.Zones+1),
		})
	}
	if err := claimFolder(record.StateDir); err != nil {
		return nil, err
	}
	release, err := labs.Lock(ctx, "", nil)
	if err != nil {
		return nil, err
	}
	defer release()
	var asked error
	record, err = labs.Reserve(record, func(to netip.Prefix) bool {
		taken, err := network.Taken(to)
		asked = errors.Join(asked, err)
		return taken
	})
	if err := errors.Join(err, asked); err != nil {
		return nil, err
	}
	l, err := load(labs, record)
	if err != nil {
		return nil, err
	}
	l.log = o.Log
	return l, nil
}

// claimFolder refuses a state folder with files that are no lab's. Those of a lab that is not
// registered are left from before a reboot.
func claimFolder(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) || err == nil && len(entries) == 0 {
		return nil
	}
	if err != nil {
		return host.Explain(dir, err)
	}
	ours := slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return e.Name() == marker })
	if !ours {
		return advice.New("choose another folder with --state-dir, or another name", "%s holds files that are no lab's", dir)
	}
	return os.RemoveAll(dir)
}

// marker is a file that says that a folder is a lab's.
const marker = ".chaosctl-lab"

// make does what is left once the lab is registered.
func (l *Lab) make(ctx context.Context, o Options) error {
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	limited, cancel := context.WithTimeout(ctx, startWithin)
	defer cancel()
	finished := make(chan struct{})
	l.died = func(component string, err error) {
		select {
		case <-finished:
		default:
			fail(l.obituary(component, err))
		}
	}
	err := l.start(limited)
	if err == nil {
		l.record.Phase = registry.Running
		err = l.registry.Save(l.record)
	}
	close(finished)
	l.died = nil
	if err == nil {
		return nil
	}
	err = host.Explain(l.record.StateDir, err)
	if o.Keep {
		l.log("lab %s is left as it is: `lab down --name %s` removes it", l.Name, l.Name)
		return err
	}
	if left := l.remove(context.WithoutCancel(ctx)); left != nil {
		return fmt.Errorf("%w (and what was begun could not be removed: %w)", err, left)
	}
	return err
}

// start brings everything up: the control plane on one side, the nodes' containerd on the other,
// and when both are there, what connects them.
func (l *Lab) start(ctx context.Context) error {
	if err := errors.Join(l.group.Create(), l.prepareFolder()); err != nil {
		return err
	}
	wiring, err := l.createSwitch()
	if err != nil {
		return err
	}
	client, err := l.client()
	if err != nil {
		return err
	}
	defer client.Close()
	served := make(chan struct{})
	tasks, together := errgroup.WithContext(ctx)
	tasks.Go(func() error {
		if err := errors.Join(l.launchControlPlane(etcd), l.launchControlPlane(apiServer)); err != nil {
			return err
		}
		if err := await(together, "a ready API server", client.Ready); err != nil {
			return err
		}
		close(served)
		return errors.Join(l.launchControlPlane(controller), l.launchControlPlane(scheduler))
	})
	for i := range l.Nodes {
		tasks.Go(func() error {
			w := l.worker(i)
			if err := w.boot(together, wiring); err != nil {
				return err
			}
			if err := wiring.RoutePods(i); err != nil {
				return err
			}
			select {
			case <-served:
				return w.join()
			case <-together.Done():
				return context.Cause(together)
			}
		})
	}
	if err := tasks.Wait(); err != nil {
		return err
	}
	if len(l.Nodes) > 0 {
		if err := wiring.RouteServices(0); err != nil {
			return err
		}
	}
	return l.awaitUsable(ctx, client)
}
