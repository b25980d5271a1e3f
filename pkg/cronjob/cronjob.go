package cronjob

import (
	"errors"
	"path"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/chaosctl/chaosctl/pkg/experiment"
)

// Options are what the user chooses.
type Options struct {
	// Namespace is where all of it is, and ServiceAccount the pods' account in it.
	Namespace, ServiceAccount string
	// Image holds this program as its entrypoint.
	Image string
	// Reports is the PersistentVolumeClaim that keeps the reports; they go with the pod where it is empty.
	Reports string
}

// Where the pods find their files, and leave their reports.
const (
	configDir = "/etc/chaosctl"
	outDir    = "/var/chaosctl"
)

// recoverEvery is how often somebody looks for what a run has left whose pod was lost. It costs a few requests.
const recoverEvery = "*/5 * * * *"

// Render makes the objects: a ConfigMap with the files, a CronJob that runs the game day, another that puts back what a run has
// left whose pod was lost (G17), and a NetworkPolicy that lets nobody connect to either. The error is an [*Unfit] where a CronJob
// cannot do what the game day asks for.
func Render(day *experiment.GameDay, files Files, o Options) ([]runtime.Object, error) {
	if err := errors.Join(fits(day), files.check()); err != nil {
		return nil, err
	}
	r := renderer{Options: o, name: "chaosctl-" + day.Metadata.Name}
	data, items := files.volume()
	r.config = corev1.Volume{Name: "config", VolumeSource: corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{
		LocalObjectReference: corev1.LocalObjectReference{Name: r.name}, Items: items,
	}}}
	file := path.Join(configDir, files[0].Path)
	late := time.Minute
	if day.Spec.StartingDeadline != nil {
		late = day.Spec.StartingDeadline.Std()
	}
	run := r.cronJob("", day.Spec.Schedule, day.Spec.TimeZone, late, r.reports(), "serve", "--once", "--if-open", "--file", file, "--out", outDir)
	if day.Spec.Suspend {
		run.Spec.Suspend = &day.Spec.Suspend
	}
	// Even where the game day is suspended, something may be left of its last run.
	again := r.cronJob("-recover", recoverEvery, "UTC", time.Minute, corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}, "recover", "--file", file)
	return []runtime.Object{
		&corev1.ConfigMap{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "ConfigMap"}, ObjectMeta: r.meta(""), Data: data},
		run, again, r.closed(),
	}, nil
}

// renderer knows what the objects of one game day have in common.
type renderer struct {
	Options
	name   string
	config corev1.Volume
}

// meta is that of an object whose name ends with something.
func (r *renderer) meta(suffix string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Name: r.name + suffix, Namespace: r.Namespace, Labels: r.labels()}
}

// labels are on all that belongs to the game day. They are none of a run's, so that nothing of it counts as left by one.
func (r *renderer) labels() map[string]string {
	return map[string]string{"app.kubernetes.io/name": "chaosctl", "app.kubernetes.io/instance": r.name}
}

func (r *renderer) reports() corev1.VolumeSource {
	if r.Reports == "" {
		return corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}
	}
	return corev1.VolumeSource{PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: r.Reports}}
}

// cronJob runs chaosctl with these arguments. A pod that is lost is not replaced: the experiments would begin anew in the middle
// of what they have left, which is for the next run, or the recovery, to put back.
func (r *renderer) cronJob(suffix, schedule, zone string, late time.Duration, out corev1.VolumeSource, args ...string) *batchv1.CronJob {
	return &batchv1.CronJob{
		TypeMeta: metav1.TypeMeta{APIVersion: "batch/v1", Kind: "CronJob"}, ObjectMeta: r.meta(suffix),
		Spec: batchv1.CronJobSpec{
			Schedule: schedule, TimeZone: &zone, ConcurrencyPolicy: batchv1.ForbidConcurrent, StartingDeadlineSeconds: new(int64(late / time.Second)),
			SuccessfulJobsHistoryLimit: new(int32(3)), FailedJobsHistoryLimit: new(int32(3)),
			JobTemplate: batchv1.JobTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: r.labels()},
				Spec: batchv1.JobSpec{
					BackoffLimit: new(int32(0)),
					Template:     corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: r.labels()}, Spec: r.pod(out, args)},
				},
			},
		},
	}
}

// pod meets the strictest of the Pod Security Standards.
func (r *renderer) pod(out corev1.VolumeSource, args []string) corev1.PodSpec {
	return corev1.PodSpec{
		RestartPolicy: corev1.RestartPolicyNever, ServiceAccountName: r.ServiceAccount,
		TerminationGracePeriodSeconds: new(int64(120)), // what is under way is undone first
		SecurityContext: &corev1.PodSecurityContext{
			RunAsNonRoot: new(true), RunAsUser: new(user), RunAsGroup: new(user), FSGroup: new(user),
			SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
		},
		Containers: []corev1.Container{{
			Name: "chaosctl", Image: r.Image, ImagePullPolicy: corev1.PullIfNotPresent, Args: args, WorkingDir: outDir,
			SecurityContext: &corev1.SecurityContext{
				AllowPrivilegeEscalation: new(false), ReadOnlyRootFilesystem: new(true), Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
			},
			Resources: corev1.ResourceRequirements{
				Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("100m"), corev1.ResourceMemory: resource.MustParse("128Mi")},
				Limits:   corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("512Mi")},
			},
			VolumeMounts: []corev1.VolumeMount{{Name: "config", MountPath: configDir, ReadOnly: true}, {Name: "out", MountPath: outDir}},
		}},
		Volumes: []corev1.Volume{r.config, {Name: "out", VolumeSource: out}},
	}
}

// user is nobody in particular, as in the images without a distribution.
const user int64 = 65532

// closed lets nobody connect to the pods, which serve nothing. Where they may connect to is not limited: that is the API server,
// and wherever the experiments put load.
func (r *renderer) closed() *networkingv1.NetworkPolicy {
	return &networkingv1.NetworkPolicy{
		TypeMeta: metav1.TypeMeta{APIVersion: "networking.k8s.io/v1", Kind: "NetworkPolicy"}, ObjectMeta: r.meta(""),
		Spec: networkingv1.NetworkPolicySpec{
			PodSelector: metav1.LabelSelector{MatchLabels: r.labels()}, PolicyTypes: []networkingv1.PolicyType{networkingv1.PolicyTypeIngress},
		},
	}
}
