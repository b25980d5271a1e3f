package cluster

import (
	"cmp"
	"context"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	schedule "k8s.io/component-helpers/scheduling/corev1"
	"k8s.io/component-helpers/scheduling/corev1/nodeaffinity"
	"k8s.io/klog/v2"
)

// Room is what the nodes of a cluster have left for pods: allocatable, less what the pods on them request.
type Room struct{ nodes []roomyNode }

type roomyNode struct {
	node        *corev1.Node
	cpu, memory resource.Quantity
	pods        int64
}

// Room reads the nodes and the requests of all their pods, leaving out the nodes named.
func (c *Cluster) Room(ctx context.Context, without map[string]bool) (*Room, error) {
	nodes, err := c.Nodes(ctx)
	if err != nil {
		return nil, err
	}
	room, byName := &Room{}, map[string]int{}
	for i := range nodes {
		n := &nodes[i]
		if n.Spec.Unschedulable || without[n.Name] || !NodeReady(n) {
			continue
		}
		a := n.Status.Allocatable
		byName[n.Name] = len(room.nodes)
		room.nodes = append(room.nodes, roomyNode{n, a.Cpu().DeepCopy(), a.Memory().DeepCopy(), a.Pods().Value()})
	}
	err = c.EachPod(ctx, metav1.NamespaceAll, metav1.ListOptions{FieldSelector: unfinished.String()}, func(p *corev1.Pod) {
		if i, known := byName[p.Spec.NodeName]; known {
			room.nodes[i].take(&p.Spec)
		}
	})
	return room, err
}

// Nodes is how many nodes there are to place pods on.
func (r *Room) Nodes() int { return len(r.nodes) }

// Place puts the pods onto the nodes one by one, those that ask for most memory first, each onto the first node that
// takes it, and gives the number of those that found one. It heeds requests of CPU and memory, the limit on pods, node
// selectors, required node affinity, and taints; not the spread of pods, nor volumes. That is an estimate in both
// directions: what it places may still not be scheduled, and in another order there might be room for more.
func (r *Room) Place(pods []*Pod) int {
	pods = slices.Clone(pods)
	slices.SortStableFunc(pods, func(a, b *Pod) int {
		_, am := requests(a.Shape)
		_, bm := requests(b.Shape)
		return cmp.Compare(bm.Value(), am.Value())
	})
	placed := 0
	for i := range pods {
		if n := slices.IndexFunc(r.nodes, func(n roomyNode) bool { return n.fits(pods[i].Shape) }); n >= 0 {
			r.nodes[n].take(pods[i].Shape)
			placed++
		}
	}
	return placed
}

func (n *roomyNode) take(shape *corev1.PodSpec) {
	cpu, memory := requests(shape)
	n.cpu.Sub(cpu)
	n.memory.Sub(memory)
	n.pods--
}

func (n *roomyNode) fits(shape *corev1.PodSpec) bool {
	cpu, memory := requests(shape)
	if n.pods < 1 || n.cpu.Cmp(cpu) < 0 || n.memory.Cmp(memory) < 0 {
		return false
	}
	if matches, err := nodeaffinity.GetRequiredNodeAffinity(&corev1.Pod{Spec: *shape}).Match(n.node); err != nil || !matches {
		return false
	}
	_, repels := schedule.FindMatchingUntoleratedTaint(klog.Background(), n.node.Spec.Taints, shape.Tolerations, func(t *corev1.Taint) bool {
		return t.Effect == corev1.TaintEffectNoSchedule || t.Effect == corev1.TaintEffectNoExecute
	}, false)
	return !repels
}

// requests of a pod as the scheduler counts them: all containers together, or the largest of those that run before
// them; and the overhead of its runtime.
func requests(shape *corev1.PodSpec) (cpu, memory resource.Quantity) {
	var before corev1.ResourceList
	for _, c := range shape.InitContainers {
		if c.RestartPolicy != nil && *c.RestartPolicy == corev1.ContainerRestartPolicyAlways {
			cpu.Add(*c.Resources.Requests.Cpu())
			memory.Add(*c.Resources.Requests.Memory())
			continue
		}
		before = largest(before, c.Resources.Requests)
	}
	for _, c := range shape.Containers {
		cpu.Add(*c.Resources.Requests.Cpu())
		memory.Add(*c.Resources.Requests.Memory())
	}
	if cpu.Cmp(*before.Cpu()) < 0 {
		cpu = *before.Cpu()
	}
	if memory.Cmp(*before.Memory()) < 0 {
		memory = *before.Memory()
	}
	cpu.Add(*shape.Overhead.Cpu())
	memory.Add(*shape.Overhead.Memory())
	return cpu, memory
}

func largest(a, b corev1.ResourceList) corev1.ResourceList {
	out := corev1.ResourceList{corev1.ResourceCPU: *a.Cpu(), corev1.ResourceMemory: *a.Memory()}
	if a.Cpu().Cmp(*b.Cpu()) < 0 {
		out[corev1.ResourceCPU] = *b.Cpu()
	}
	if a.Memory().Cmp(*b.Memory()) < 0 {
		out[corev1.ResourceMemory] = *b.Memory()
	}
	return out
}
