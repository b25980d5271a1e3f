package faults

import (
	"context"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func nodes() []faultCase {
	return []faultCase{
		{fault: "nodeDrain", yaml: "- nodeDrain: {nodes: [NODE]}", inForce: drained, alone: true, duration: 15 * time.Second},
		{fault: "nodeCordon", yaml: "- nodeCordon: {nodes: [NODE]}", inForce: cordoned, alone: true},
		{fault: "nodeTaint", yaml: "- nodeTaint: {nodes: [NODE], value: x}", inForce: tainted(corev1.TaintEffectNoSchedule), alone: true},
		{fault: "nodeTaint", name: "with NoExecute", yaml: "- nodeTaint: {nodes: [NODE], value: x, effect: NoExecute}", inForce: tainted(corev1.TaintEffectNoExecute), alone: true, duration: 15 * time.Second},
		{fault: "zoneOutage", yaml: "- zoneOutage: {zone: ZONE}", inForce: zoneLost, alone: true, duration: 15 * time.Second},
		{fault: "zoneOutage", name: "evicting", yaml: "- zoneOutage: {zone: ZONE, pods: evict}", inForce: zoneLost, alone: true, duration: 20 * time.Second},
	}
}

// cordoned wants the node of the first pod to be cordoned, and all pods to serve as before.
func cordoned(ctx context.Context, s *stage) error {
	name := s.pods[0].Spec.NodeName
	node, err := shared.client.CoreV1().Nodes().Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return err
	}
	if !node.Spec.Unschedulable {
		return fmt.Errorf("%s is not cordoned", name)
	}
	return removed(0)(ctx, s)
}

// drained wants the node of the first pod to be cordoned, and to run no pod of the stage.
func drained(ctx context.Context, s *stage) error {
	name := s.pods[0].Spec.NodeName
	node, err := shared.client.CoreV1().Nodes().Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return err
	}
	if !node.Spec.Unschedulable {
		return fmt.Errorf("%s is not cordoned", name)
	}
	now, err := s.live(ctx)
	if err != nil {
		return err
	}
	for _, p := range now {
		if p.Spec.NodeName == name {
			return fmt.Errorf("%s runs pod %s", name, p.Name)
		}
	}
	return nil
}

// zoneLost wants all nodes of the first pod's zone to be cordoned and to run no pod of the stage, and those of other zones to
// be as they were.
func zoneLost(ctx context.Context, s *stage) error {
	now, err := s.live(ctx)
	if err != nil {
		return err
	}
	list, err := shared.client.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	for i := range list.Items {
		node := &list.Items[i]
		lost := node.Labels[corev1.LabelTopologyZone] == s.zone
		if node.Spec.Unschedulable != lost {
			return fmt.Errorf("%s in zone %s: cordoned is %v", node.Name, node.Labels[corev1.LabelTopologyZone], node.Spec.Unschedulable)
		}
		if i := slices.IndexFunc(now, func(p corev1.Pod) bool { return p.Spec.NodeName == node.Name }); lost && i >= 0 {
			return fmt.Errorf("%s runs pod %s", node.Name, now[i].Name)
		}
	}
	return nil
}

// tainted wants the node of the first pod to bear one taint more, which pods of the stage have left where its effect is NoExecute,
// and which has changed nothing else otherwise.
func tainted(effect corev1.TaintEffect) func(context.Context, *stage) error {
	return func(ctx context.Context, s *stage) error {
		name := s.pods[0].Spec.NodeName
		node, err := shared.client.CoreV1().Nodes().Get(ctx, name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		want := corev1.Taint{Key: "chaosctl.dev/taint", Value: "x", Effect: effect}
		if !slices.Contains(node.Spec.Taints, want) {
			return fmt.Errorf("%s has the taints %v", name, node.Spec.Taints)
		}
		if effect == corev1.TaintEffectNoSchedule {
			return removed(0)(ctx, s)
		}
		now, err := s.live(ctx)
		if err != nil {
			return err
		}
		if i := slices.IndexFunc(now, func(p corev1.Pod) bool { return p.Spec.NodeName == name }); i >= 0 {
			return fmt.Errorf("%s runs pod %s", name, now[i].Name)
		}
		return nil
	}
}
