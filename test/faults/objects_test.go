package faults

import (
	"context"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// image is the shop's catalogue: it answers, names its pod, stops when told to, and does not become ready with a
// configuration that is broken.
const image = "docker.io/chaosctl/shop-catalogue:dev"

// objects are what a stage consists of: all that a workload usually has, each under the name web but the configuration.
type objects struct {
	labels      map[string]string // of the namespace
	deployment  *appsv1.Deployment
	statefulSet *appsv1.StatefulSet // in place of the Deployment, see asStatefulSet
	service     *corev1.Service
	budget      *policyv1.PodDisruptionBudget
	autoscaler  *autoscalingv2.HorizontalPodAutoscaler
	settings    *corev1.ConfigMap
	credentials *corev1.Secret
	lease       *coordinationv1.Lease // see withLease
}

const replicas = 3

// The Service asks for a label more than the Deployment does: a pod can leave it and still be owned.
var (
	owned  = map[string]string{"app": "web"}
	served = map[string]string{"app": "web", "traffic": "open"}
)

func newObjects() *objects {
	number, one := int32(replicas), intstr.FromInt32(1)
	return &objects{
		deployment: &appsv1.Deployment{
			ObjectMeta: metav1.ObjectMeta{Name: "web", Labels: owned},
			Spec: appsv1.DeploymentSpec{
				Replicas: &number, Selector: &metav1.LabelSelector{MatchLabels: owned}, Template: template(),
				Strategy: appsv1.DeploymentStrategy{
					Type:          appsv1.RollingUpdateDeploymentStrategyType,
					RollingUpdate: &appsv1.RollingUpdateDeployment{MaxUnavailable: new(intstr.IntOrString), MaxSurge: &one},
				},
			},
		},
		service: &corev1.Service{
			ObjectMeta: metav1.ObjectMeta{Name: "web", Labels: owned},
			Spec:       corev1.ServiceSpec{Selector: served, Ports: []corev1.ServicePort{{Name: "http", Port: 80, TargetPort: intstr.FromString("http")}}},
		},
		budget: &policyv1.PodDisruptionBudget{
			ObjectMeta: metav1.ObjectMeta{Name: "web"},
			Spec:       policyv1.PodDisruptionBudgetSpec{MaxUnavailable: &one, Selector: &metav1.LabelSelector{MatchLabels: owned}},
		},
		// The lab has no metrics: it holds the number between its bounds, and leaves it alone otherwise.
		autoscaler: &autoscalingv2.HorizontalPodAutoscaler{
			ObjectMeta: metav1.ObjectMeta{Name: "web"},
			Spec: autoscalingv2.HorizontalPodAutoscalerSpec{
				ScaleTargetRef: autoscalingv2.CrossVersionObjectReference{APIVersion: "apps/v1", Kind: "Deployment", Name: "web"},
				MinReplicas:    new(int32(1)), MaxReplicas: 9,
			},
		},
		settings: &corev1.ConfigMap{
			ObjectMeta: metav1.ObjectMeta{Name: "settings"},
			Data:       map[string]string{"mode": "open", "catalogue.json": `{"products": [{"name": "Teapot", "price": 2490}]}`},
		},
		credentials: &corev1.Secret{
			ObjectMeta: metav1.ObjectMeta{Name: "credentials"},
			StringData: map[string]string{"password": "not-a-real-secret"},
		},
	}
}

func template() corev1.PodTemplateSpec {
	return corev1.PodTemplateSpec{
		ObjectMeta: metav1.ObjectMeta{Labels: served},
		Spec: corev1.PodSpec{
			TerminationGracePeriodSeconds: new(int64(1)),
			AutomountServiceAccountToken:  new(bool),
			Containers: []corev1.Container{{
				Name: "web", Image: image, ImagePullPolicy: corev1.PullIfNotPresent,
				Ports: []corev1.ContainerPort{{Name: "http", ContainerPort: 8080}},
				ReadinessProbe: &corev1.Probe{
					ProbeHandler:  corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Path: "/readyz", Port: intstr.FromString("http")}},
					PeriodSeconds: 1, FailureThreshold: 2,
				},
				VolumeMounts: []corev1.VolumeMount{
					{Name: "settings", MountPath: "/etc/shop/config", ReadOnly: true},
					{Name: "credentials", MountPath: "/etc/shop/secret", ReadOnly: true},
				},
			}},
			Volumes: []corev1.Volume{
				{Name: "settings", VolumeSource: corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{LocalObjectReference: corev1.LocalObjectReference{Name: "settings"}}}},
				{Name: "credentials", VolumeSource: corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: "credentials"}}},
			},
		},
	}
}

// asStatefulSet makes the workload a StatefulSet.
func asStatefulSet(o *objects) {
	d := o.deployment.Spec
	o.statefulSet = &appsv1.StatefulSet{
		ObjectMeta: o.deployment.ObjectMeta,
		Spec: appsv1.StatefulSetSpec{
			Replicas: d.Replicas, Selector: d.Selector, Template: d.Template, ServiceName: "web", PodManagementPolicy: appsv1.ParallelPodManagement,
		},
	}
	o.deployment = nil
	o.autoscaler.Spec.ScaleTargetRef.Kind = "StatefulSet"
}

// create makes the objects, the workload last.
func (o *objects) create(ctx context.Context, namespace string) error {
	create, c := metav1.CreateOptions{}, shared.client
	if _, err := c.CoreV1().ConfigMaps(namespace).Create(ctx, o.settings, create); err != nil {
		return err
	}
	if _, err := c.CoreV1().Secrets(namespace).Create(ctx, o.credentials, create); err != nil {
		return err
	}
	if _, err := c.CoreV1().Services(namespace).Create(ctx, o.service, create); err != nil {
		return err
	}
	if _, err := c.PolicyV1().PodDisruptionBudgets(namespace).Create(ctx, o.budget, create); err != nil {
		return err
	}
	if _, err := c.AutoscalingV2().HorizontalPodAutoscalers(namespace).Create(ctx, o.autoscaler, create); err != nil {
		return err
	}
	if o.lease != nil {
		if _, err := c.CoordinationV1().Leases(namespace).Create(ctx, o.lease, create); err != nil {
			return err
		}
	}
	if o.statefulSet != nil {
		_, err := c.AppsV1().StatefulSets(namespace).Create(ctx, o.statefulSet, create)
		return err
	}
	_, err := c.AppsV1().Deployments(namespace).Create(ctx, o.deployment, create)
	return err
}
