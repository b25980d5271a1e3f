package cluster

import (
	"testing"

	"github.com/stretchr/testify/assert"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func asks(cpu, memory string) corev1.ResourceRequirements {
	return corev1.ResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse(cpu), corev1.ResourceMemory: resource.MustParse(memory)}}
}

func podThatAsks(cpu, memory string, change ...func(*corev1.Pod)) *Pod {
	p := &corev1.Pod{Spec: corev1.PodSpec{Containers: []corev1.Container{{Resources: asks(cpu, memory)}}}}
	for _, c := range change {
		c(p)
	}
	return PodOf(p)
}

// roomOf makes a room of nodes with so much CPU, 4Gi of memory and 3 pods each.
func roomOf(nodes ...*corev1.Node) *Room {
	room := &Room{}
	for _, n := range nodes {
		room.nodes = append(room.nodes, roomyNode{n, resource.MustParse("2"), resource.MustParse("4Gi"), 3})
	}
	return room
}

func TestRequests(t *testing.T) {
	always := corev1.ContainerRestartPolicyAlways
	p := podThatAsks("500m", "1Gi", func(p *corev1.Pod) {
		p.Spec.Containers = append(p.Spec.Containers, corev1.Container{Resources: asks("250m", "1Gi")}, corev1.Container{})
		p.Spec.InitContainers = []corev1.Container{{Resources: asks("2", "100Mi")}, {Resources: asks("1", "200Mi")}, {Resources: asks("100m", "1Gi"), RestartPolicy: &always}}
		p.Spec.Overhead = corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("100m")}
	})
	cpu, memory := requests(p.Shape)
	assert.Equal(t, "2100m", cpu.String(), "the largest that runs before, and the overhead")
	assert.Equal(t, "3Gi", memory.String(), "all that run together, sidecars too")
}

func TestPlace(t *testing.T) {
	plain := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "node1", Labels: map[string]string{"disk": "ssd"}}}
	tainted := &corev1.Node{Spec: corev1.NodeSpec{Taints: []corev1.Taint{{Key: "gpu", Effect: corev1.TaintEffectNoSchedule}}}}
	many := func(n int, p *Pod) (all []*Pod) {
		for range n {
			all = append(all, p)
		}
		return all
	}
	wants := func(label string) func(*corev1.Pod) {
		return func(p *corev1.Pod) { p.Spec.NodeSelector = map[string]string{"disk": label} }
	}
	tolerant := func(p *corev1.Pod) {
		p.Spec.Tolerations = []corev1.Toleration{{Key: "gpu", Operator: corev1.TolerationOpExists}}
	}
	for name, c := range map[string]struct {
		room *Room
		pods []*Pod
		want int
	}{
		"all fit":               {roomOf(plain, plain), many(4, podThatAsks("1", "1Gi")), 4},
		"CPU is short":          {roomOf(plain), many(3, podThatAsks("1", "1Gi")), 2},
		"memory is short":       {roomOf(plain), many(3, podThatAsks("1m", "3Gi")), 1},
		"places are short":      {roomOf(plain), many(5, podThatAsks("1m", "1Mi")), 3},
		"the largest first":     {roomOf(plain, plain), append(many(2, podThatAsks("1m", "2Gi")), many(1, podThatAsks("1m", "4Gi"))...), 3},
		"a label that is there": {roomOf(plain), many(1, podThatAsks("1m", "1Mi", wants("ssd"))), 1},
		"a label that is not":   {roomOf(plain), many(1, podThatAsks("1m", "1Mi", wants("tape"))), 0},
		"a taint":               {roomOf(tainted), many(1, podThatAsks("1m", "1Mi")), 0},
		"a taint, tolerated":    {roomOf(tainted), many(1, podThatAsks("1m", "1Mi", tolerant)), 1},
		"no node":               {roomOf(), many(1, podThatAsks("1m", "1Mi")), 0},
	} {
		assert.Equal(t, c.want, c.room.Place(c.pods), name)
	}
}
