//go:build linux

package lab

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"syscall"
	"time"

	"github.com/chaosctl/chaosctl/lab/internal/image"
	"github.com/chaosctl/chaosctl/lab/internal/kubeapi"
	"github.com/chaosctl/chaosctl/lab/internal/network"
	"github.com/chaosctl/chaosctl/lab/internal/process"
)

// prepareFolder fills the state folder with what does not change while the lab runs.
func (l *Lab) prepareFolder() error {
	if err := os.MkdirAll(l.path("images"), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(l.path(marker), nil, 0o644); err != nil {
		return err
	}
	if err := l.issueCertificates(); err != nil {
		return err
	}
	if len(l.Nodes) == 0 {
		return nil
	}
	if err := image.Archive(pauseImage, l.program("pause", "pause"), l.path("images", "pause.tar")); err != nil {
		return err
	}
	return l.archiveAddons()
}

// createSwitch makes the network that the control plane, the nodes and the host meet in.
func (l *Lab) createSwitch() (network.Network, error) {
	held, err := l.launch(switchGroup, process.Program{Path: l.program("pause", "pause"), Fresh: syscall.CLONE_NEWNET})
	if err != nil {
		return network.Network{}, err
	}
	wiring := network.Network{Plan: l.plan, HostLink: l.hostLink(), Switch: held.Pid}
	return wiring, wiring.Create()
}

// awaitUsable waits until pods can be created and reached: nodes ready, Services translated, and
// the account there that every pod runs as.
func (l *Lab) awaitUsable(ctx context.Context, client *kubeapi.Client) error {
	checks := []struct {
		what  string
		check func(context.Context) error
	}{
		{"the default service account", func(ctx context.Context) error {
			return client.Get(ctx, "/api/v1/namespaces/default/serviceaccounts/default", nil)
		}},
		{"ready nodes", func(ctx context.Context) error { return l.nodesReady(ctx, client) }},
		{"working Services", l.servicesReady},
	}
	for _, c := range checks {
		if err := await(ctx, c.what, c.check); err != nil {
			return err
		}
	}
	return l.installAddons(ctx, client)
}

func (l *Lab) nodesReady(ctx context.Context, client *kubeapi.Client) error {
	ready, err := readyNodes(ctx, client)
	if err != nil {
		return err
	}
	var lacking []error
	for _, node := range l.record.Nodes {
		if _, ok := ready[node.Name]; !ok && !node.Stopped && !node.Cut {
			lacking = append(lacking, fmt.Errorf("%s is not ready", node.Name))
		}
	}
	return errors.Join(lacking...)
}

// readyNodes asks the API server which nodes are ready, and when each last said so.
func readyNodes(ctx context.Context, client *kubeapi.Client) (map[string]time.Time, error) {
	var list struct {
		Items []struct {
			Metadata struct{ Name string }
			Status   struct {
				Conditions []struct {
					Type, Status      string
					LastHeartbeatTime time.Time
				}
			}
		}
	}
	if err := client.Get(ctx, "/api/v1/nodes", &list); err != nil {
		return nil, err
	}
	ready := map[string]time.Time{}
	for _, node := range list.Items {
		for _, condition := range node.Status.Conditions {
			if condition.Type == "Ready" && condition.Status == "True" {
				ready[node.Metadata.Name] = condition.LastHeartbeatTime
			}
		}
	}
	return ready, nil
}

// servicesReady asks every kube-proxy whether it has written its rules.
func (l *Lab) servicesReady(ctx context.Context) error {
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}} // past any proxy
	for i, node := range l.record.Nodes {
		if node.Stopped || node.Cut {
			continue
		}
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("http://%s:10256/healthz", l.plan.Node(i)), nil)
		if err != nil {
			return err
		}
		response, err := client.Do(request)
		if err != nil {
			return err
		}
		response.Body.Close()
		if response.StatusCode != http.StatusOK {
			return fmt.Errorf("kube-proxy of %s: %s", node.Name, response.Status)
		}
	}
	return nil
}
