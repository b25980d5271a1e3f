//go:build linux

package lab

import (
	"context"
	"embed"
	"fmt"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/chaosctl/chaosctl/lab/internal/component"
	"github.com/chaosctl/chaosctl/lab/internal/image"
	"github.com/chaosctl/chaosctl/lab/internal/kubeapi"
)

//go:embed addons/*.yaml
var addonManifests embed.FS

// addonParts is what an addon consists of beside its manifest, addons/NAME.yaml.
type addonParts struct {
	component  component.Component
	deployment string
	apiService string // that it serves, if any
}

var addonList = map[string]addonParts{
	Metrics: {component: component.MetricsServer, deployment: "metrics-server", apiService: "v1beta1.metrics.k8s.io"},
	DNS:     {component: component.CoreDNS, deployment: "coredns"},
}

// archiveAddons makes the addons' images, which the nodes load as they boot.
func (l *Lab) archiveAddons() error {
	for _, name := range l.record.Addons {
		program := addonList[name].component.Name
		if err := image.Archive("chaosctl/"+program+":1", l.program(program, program), l.path("images", program+".tar")); err != nil {
			return err
		}
	}
	return nil
}

// installAddons installs the lab's addons and waits until they serve.
func (l *Lab) installAddons(ctx context.Context, client *kubeapi.Client) error {
	for _, name := range l.record.Addons {
		manifest, err := addonManifests.ReadFile("addons/" + name + ".yaml")
		if err != nil {
			return err
		}
		text := strings.ReplaceAll(string(manifest), "CLUSTER_DNS", l.plan.DNS().String())
		for document := range strings.SplitSeq(text, "\n---\n") {
			if err := apply(ctx, client, document); err != nil {
				return fmt.Errorf("install addon %s: %w", name, err)
			}
		}
	}
	for _, name := range l.record.Addons {
		parts := addonList[name]
		if err := await(ctx, "addon "+name, func(ctx context.Context) error { return parts.serving(ctx, client) }); err != nil {
			return err
		}
	}
	return nil
}

// resources says where objects of the kinds in the manifests are served.
var resources = map[string]string{
	"ServiceAccount":     "/api/v1/namespaces/kube-system/serviceaccounts/",
	"ConfigMap":          "/api/v1/namespaces/kube-system/configmaps/",
	"Service":            "/api/v1/namespaces/kube-system/services/",
	"Deployment":         "/apis/apps/v1/namespaces/kube-system/deployments/",
	"RoleBinding":        "/apis/rbac.authorization.k8s.io/v1/namespaces/kube-system/rolebindings/",
	"ClusterRole":        "/apis/rbac.authorization.k8s.io/v1/clusterroles/",
	"ClusterRoleBinding": "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/",
	"APIService":         "/apis/apiregistration.k8s.io/v1/apiservices/",
}

func apply(ctx context.Context, client *kubeapi.Client, document string) error {
	var header struct {
		Kind     string
		Metadata struct{ Name string }
	}
	if err := yaml.Unmarshal([]byte(document), &header); err != nil {
		return err
	}
	resource, ok := resources[header.Kind]
	if !ok {
		return fmt.Errorf("no place is known for a %s", header.Kind)
	}
	return client.Apply(ctx, resource+header.Metadata.Name, []byte(document))
}

// serving returns nil once the addon answers.
func (a addonParts) serving(ctx context.Context, client *kubeapi.Client) error {
	if err := hasCondition(ctx, client, resources["Deployment"]+a.deployment, "Available"); err != nil || a.apiService == "" {
		return err
	}
	return hasCondition(ctx, client, resources["APIService"]+a.apiService, "Available")
}

func hasCondition(ctx context.Context, client *kubeapi.Client, path, condition string) error {
	var object struct {
		Status struct {
			Conditions []struct{ Type, Status, Message string }
		}
	}
	if err := client.Get(ctx, path, &object); err != nil {
		return err
	}
	for _, c := range object.Status.Conditions {
		if c.Type == condition && c.Status == "True" {
			return nil
		}
	}
	return fmt.Errorf("%s is not %s: %v", path, condition, object.Status.Conditions)
}
