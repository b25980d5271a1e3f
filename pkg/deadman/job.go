// Package deadman is the opt-in answer to the one thing that an agentless tool cannot do by itself (G17): to put things back
// when nobody is left to do it. It is a Job, made before the first fault, whose pod watches the run's Lease, and recovers
// the run when that expires.
package deadman

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"

	"github.com/chaosctl/chaosctl/pkg/lock"
)

// Options are what the user chooses.
type Options struct {
	// Image holds this program as its entrypoint.
	Image string
	// ServiceAccount is the pod's; what the run may do it must be allowed too, see `chaosctl rbac`.
	ServiceAccount string
}

// Job is a dead man's switch in the cluster.
type Job struct {
	client kubernetes.Interface
	job    *batchv1.Job
}

// patience is how long the pod may take to start.
const patience = 90 * time.Second

// Create makes the Job for a run that holds the scope, and returns when its pod runs. An error says why it does not; then no
// Job is left.
func Create(ctx context.Context, client kubernetes.Interface, scope lock.Scope, run string, options Options) (*Job, error) {
	job, err := client.BatchV1().Jobs(scope.Namespace).Create(ctx, build(scope, run, options), metav1.CreateOptions{})
	if err != nil {
		return nil, fmt.Errorf("the dead man's Job cannot be made: %w", err)
	}
	j := &Job{client, job}
	var last *batchv1.Job
	err = wait.PollUntilContextTimeout(ctx, 200*time.Millisecond, patience, true, func(ctx context.Context) (bool, error) {
		found, getErr := client.BatchV1().Jobs(scope.Namespace).Get(ctx, job.Name, metav1.GetOptions{})
		if getErr == nil {
			last = found
		}
		if last == nil {
			return false, nil
		}
		if last.Status.Failed > 0 {
			return false, errors.New("its pod has failed")
		}
		return last.Status.Ready != nil && *last.Status.Ready > 0, nil
	})
	if err != nil {
		why := err.Error()
		if wait.Interrupted(err) && ctx.Err() == nil {
			why = fmt.Sprintf("its pod was not ready within %s (%s)", patience, j.trouble(ctx, last))
		}
		_ = j.Remove(ctx)
		return nil, fmt.Errorf("the dead man's Job %s/%s does not run: %s", scope.Namespace, job.Name, why)
	}
	return j, nil
}

// trouble is what keeps the pod from running, as far as it can be seen.
func (j *Job) trouble(ctx context.Context, job *batchv1.Job) string {
	if job == nil {
		return "the Job cannot be read"
	}
	pods, err := j.client.CoreV1().Pods(job.Namespace).List(ctx, metav1.ListOptions{LabelSelector: batchv1.JobNameLabel + "=" + job.Name})
	if err != nil || len(pods.Items) == 0 {
		return fmt.Sprintf("it has made no pod: does the ServiceAccount %s exist?", job.Spec.Template.Spec.ServiceAccountName)
	}
	for _, s := range pods.Items[0].Status.ContainerStatuses {
		if w := s.State.Waiting; w != nil {
			return strings.TrimSpace(w.Reason + " " + w.Message)
		}
	}
	for _, c := range pods.Items[0].Status.Conditions {
		if c.Status == corev1.ConditionFalse && c.Message != "" {
			return c.Message
		}
	}
	return "phase " + string(pods.Items[0].Status.Phase)
}

// Remove deletes the Job and its pod.
func (j *Job) Remove(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	background := metav1.DeletePropagationBackground
	err := j.client.BatchV1().Jobs(j.job.Namespace).Delete(ctx, j.job.Name, metav1.DeleteOptions{
		PropagationPolicy: &background, Preconditions: &metav1.Preconditions{UID: &j.job.UID},
	})
	if apierrors.IsNotFound(err) || apierrors.IsConflict(err) {
		return nil
	}
	return err
}

func build(scope lock.Scope, run string, options Options) *batchv1.Job {
	sum := sha256.Sum256([]byte(run))
	labels := map[string]string{"app.kubernetes.io/managed-by": "chaosctl", "chaosctl.dev/dead-man": run}
	yes, no := true, false
	var user int64 = 65532
	tries, keep := int32(6), int32(600)
	return &batchv1.Job{
		ObjectMeta: metav1.ObjectMeta{Name: "chaosctl-dead-man-" + hex.EncodeToString(sum[:6]), Namespace: scope.Namespace, Labels: labels},
		Spec: batchv1.JobSpec{
			BackoffLimit: &tries, TTLSecondsAfterFinished: &keep,
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels},
				Spec: corev1.PodSpec{
					RestartPolicy: corev1.RestartPolicyOnFailure, ServiceAccountName: options.ServiceAccount,
					SecurityContext: &corev1.PodSecurityContext{RunAsNonRoot: &yes, RunAsUser: &user, SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault}},
					Containers: []corev1.Container{{
						Name: "dead-man", Image: options.Image, ImagePullPolicy: corev1.PullIfNotPresent,
						Args: []string{"dead-man", run, "--lease", scope.Name, "--namespace", scope.Namespace},
						SecurityContext: &corev1.SecurityContext{
							AllowPrivilegeEscalation: &no, ReadOnlyRootFilesystem: &yes, Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
						},
						Resources: corev1.ResourceRequirements{
							Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("10m"), corev1.ResourceMemory: resource.MustParse("64Mi")},
							Limits:   corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("256Mi")},
						},
					}},
				},
			},
		},
	}
}
