package faults

import (
	"context"
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func nodes() []faultCase {
	return []faultCase{
		{fault: "nodeDrain", yaml: "- nodeDrain: {nodes: [NODE]}", inForce: drained, alone: true, duration: 15 * time.Second},
		{fault: "nodeCordon", yaml: "- nodeCordon: {nodes: [NODE]}", inForce: cordoned, alone: true},
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
