package inject

import (
	"context"
	"fmt"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/chaosctl/chaosctl/pkg/access"
	"github.com/chaosctl/chaosctl/pkg/target"
)

// restartConsumers rolls out the workloads that use a ConfigMap or a Secret, after that change of it.
func restartConsumers(ctx context.Context, s Scope, of configRef, after string) ([]Change, error) {
	workloads, err := s.Workloads(ctx, s.Workload.Namespace)
	if err != nil {
		return nil, err
	}
	var changes []Change
	for _, w := range workloads {
		if !slices.Contains(configOf(&w.Template.Spec), of) {
			continue
		}
		restart, err := restartAfter(ctx, s, w, after)
		if err != nil {
			return nil, err
		}
		changes = append(changes, restart)
	}
	if len(changes) == 0 {
		return nil, &target.Refusal{Reason: fmt.Sprintf("no Deployment, StatefulSet or DaemonSet in namespace %s uses %s, so nothing can be restarted", s.Workload.Namespace, of)}
	}
	return changes, nil
}

// restartNeeds are those of finding the consumers and restarting them, whatever kind they are of.
func restartNeeds(namespace string) []access.Need {
	var needs []access.Need
	for _, resource := range []string{"deployments", "statefulsets", "daemonsets"} {
		consumers := appsv1.SchemeGroupVersion.WithResource(resource)
		all := access.Object{Group: consumers.Group, Resource: resource, Namespace: namespace}
		needs = append(needs, access.Needs("find who uses the configuration", all, "list")...)
		for _, n := range edits(consumers, namespace, "", "restart who uses the configuration") {
			n.Maybe = true
			needs = append(needs, n)
		}
	}
	return needs
}

// ConfigMapsOf names the ConfigMaps that a pod takes its configuration from.
func ConfigMapsOf(pod *corev1.PodSpec) []string {
	var names []string
	for _, of := range configOf(pod) {
		if of.kind == "ConfigMap" && !slices.Contains(names, of.name) {
			names = append(names, of.name)
		}
	}
	return names
}

// configOf lists what a pod takes its configuration from, by volumes or by its environment.
func configOf(pod *corev1.PodSpec) []configRef {
	var all []configRef
	configMap := func(name string) { all = append(all, configRef{kind: "ConfigMap", name: name}) }
	secret := func(name string) { all = append(all, configRef{kind: "Secret", name: name}) }
	for _, v := range pod.Volumes {
		if v.ConfigMap != nil {
			configMap(v.ConfigMap.Name)
		}
		if v.Secret != nil {
			secret(v.Secret.SecretName)
		}
		if v.Projected == nil {
			continue
		}
		for _, source := range v.Projected.Sources {
			if source.ConfigMap != nil {
				configMap(source.ConfigMap.Name)
			}
			if source.Secret != nil {
				secret(source.Secret.Name)
			}
		}
	}
	for _, c := range slices.Concat(pod.InitContainers, pod.Containers) {
		for _, from := range c.EnvFrom {
			if from.ConfigMapRef != nil {
				configMap(from.ConfigMapRef.Name)
			}
			if from.SecretRef != nil {
				secret(from.SecretRef.Name)
			}
		}
		for _, env := range c.Env {
			if env.ValueFrom == nil {
				continue
			}
			if env.ValueFrom.ConfigMapKeyRef != nil {
				configMap(env.ValueFrom.ConfigMapKeyRef.Name)
			}
			if env.ValueFrom.SecretKeyRef != nil {
				secret(env.ValueFrom.SecretKeyRef.Name)
			}
		}
	}
	return all
}
