package faults

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func anythingElse() []faultCase {
	return []faultCase{
		{fault: "manifest", inForce: tight, yaml: `
- manifest:
    object:
      apiVersion: v1
      kind: LimitRange
      metadata: {name: tight}
      spec: {limits: [{type: Container, default: {memory: 8Mi}}]}`},
		{fault: "manifest", name: "until its controller has acted", inForce: working, duration: 15 * time.Second, yaml: `
- manifest:
    object:
      apiVersion: batch/v1
      kind: Job
      metadata: {generateName: noisy-}
      spec:
        template:
          spec:
            restartPolicy: Never
            terminationGracePeriodSeconds: 1
            containers: [{name: noise, image: "` + image + `", imagePullPolicy: IfNotPresent}]
    until: object.status.active == 1`},
		{fault: "exec", yaml: "- exec: {argv: [touch, SCRATCH/effect], undo: [rm, SCRATCH/effect]}", inForce: touched},
		{
			fault: "exec", name: "with a proof", inForce: touched,
			yaml: "- exec: {argv: [sh, -c, 'echo $HOW >SCRATCH/effect'], undo: [rm, SCRATCH/effect], proof: [grep, -q, hard, SCRATCH/effect], env: [{name: HOW, value: hard}]}",
		},
	}
}

// tight wants a new pod to get the limit.
func tight(ctx context.Context, s *stage) error {
	pod, err := shared.client.CoreV1().Pods(s.namespace).Create(ctx, &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: "one-more"},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "one", Image: "registry.invalid/one:1"}}},
	}, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
	if err != nil {
		return err
	}
	if limit := pod.Spec.Containers[0].Resources.Limits[corev1.ResourceMemory]; limit.Cmp(resource.MustParse("8Mi")) != 0 {
		return fmt.Errorf("another pod would get %s", limit.String())
	}
	return nil
}

// touched wants the file that a command makes.
func touched(_ context.Context, s *stage) error {
	_, err := os.Stat(filepath.Join(s.scratch, "effect"))
	return err
}

// working wants a pod of the Job.
func working(ctx context.Context, s *stage) error {
	list, err := shared.client.CoreV1().Pods(s.namespace).List(ctx, metav1.ListOptions{LabelSelector: "batch.kubernetes.io/job-name"})
	if err == nil && len(list.Items) == 0 {
		err = errors.New("no Job has a pod")
	}
	return err
}
