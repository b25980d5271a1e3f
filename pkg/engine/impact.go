package engine

import (
	"context"
	"fmt"
	"time"

	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"

	"github.com/chaosctl/chaosctl/pkg/cluster"
	"github.com/chaosctl/chaosctl/pkg/inject"
)

// Impact is what a plan does to the target at its worst, as far as it can be known beforehand.
type Impact struct {
	// AtOnce is the greatest number of the target's pods that faults have taken away at one time; InTotal counts them
	// over the whole run, repetitions included.
	AtOnce  int `json:"atOnce"`
	InTotal int `json:"inTotal"`
	// WorstReady is how many pods that are ready now stay untouched at the worst moment.
	WorstReady int `json:"worstReady"`
	// Budgets are the PodDisruptionBudgets that have a say in the plan's evictions.
	Budgets []Budget `json:"budgets,omitempty"`
	// Room says whether what is evicted from the nodes that the plan cordons fits onto the others.
	Room *Room `json:"room,omitempty"`
	// Unknown lists what could not be found out, and why.
	Unknown []string `json:"unknown,omitempty"`
}

// Budget is a PodDisruptionBudget and how many of the plan's evictions it covers.
type Budget struct {
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	// Allowed is how many disruptions it allows now. Evictions beyond wait until it allows more.
	Allowed   int `json:"allowed"`
	Evictions int `json:"evictions"`
}

// Room is the outcome of placing the pods of cordoned nodes onto the others, by their requests.
type Room struct {
	Pods  int `json:"pods"`
	Fit   int `json:"fit"`
	Nodes int `json:"nodes"`
}

// impact works out what the injections do together.
func (p *Plan) impact(ctx context.Context, pods []*cluster.Pod) {
	ready := make(map[types.UID]bool, len(pods)) // of the target's pods
	for _, pod := range pods {
		ready[pod.UID] = pod.Ready
	}
	var changes []inject.Change
	first := map[string]int{}
	for _, i := range p.Injections {
		changes = append(changes, i.Changes...)
		n := 0
		for uid := range removed(i.Changes) {
			if _, mine := ready[uid]; mine {
				n++
			}
		}
		if i.Number == 0 {
			first[i.Fault.Name] = n
		}
		p.Impact.InTotal += first[i.Fault.Name]
	}
	p.Impact.WorstReady = p.Ready
	for _, at := range p.instants() {
		lost, lostReady := 0, 0
		for uid := range p.goneAt(at) {
			isReady, mine := ready[uid]
			if mine {
				lost++
			}
			if isReady {
				lostReady++
			}
		}
		p.Impact.AtOnce = max(p.Impact.AtOnce, lost)
		p.Impact.WorstReady = min(p.Impact.WorstReady, p.Ready-lostReady)
	}
	p.budgets(ctx, changes)
	p.room(ctx, changes)
}

// overlap is how near two injections must be for their victims to count as gone together: a pod is rarely replaced faster.
const overlap = 10 * time.Second

func (p *Plan) instants() []time.Duration {
	var all []time.Duration
	for _, i := range p.Injections {
		all = append(all, i.At)
	}
	return all
}

// goneAt collects the pods that injections at about that time remove.
func (p *Plan) goneAt(at time.Duration) map[types.UID]bool {
	gone := map[types.UID]bool{}
	for _, i := range p.Injections {
		if i.At <= at && at-i.At < overlap {
			for uid := range removed(i.Changes) {
				gone[uid] = true
			}
		}
	}
	return gone
}

func removed(changes []inject.Change) map[types.UID]bool {
	uids := map[types.UID]bool{}
	for i := range changes {
		for _, uid := range changes[i].Removed() {
			uids[uid] = true
		}
	}
	return uids
}

// budgets finds those that select a pod which the plan evicts. Not being allowed to read them is no reason to refuse.
func (p *Plan) budgets(ctx context.Context, changes []inject.Change) {
	evicted := map[string][]labels.Set{}
	for i := range changes {
		if changes[i].Evict != nil {
			evicted[changes[i].Object.Namespace] = append(evicted[changes[i].Object.Namespace], changes[i].Object.Labels)
		}
	}
	for namespace, pods := range evicted {
		list, err := p.connection.Client.PolicyV1().PodDisruptionBudgets(namespace).List(ctx, metav1.ListOptions{})
		if err != nil {
			p.Impact.Unknown = append(p.Impact.Unknown, fmt.Sprintf("the budgets of namespace %s: %v", namespace, err))
			continue
		}
		if namespace == p.Workload.Namespace {
			p.coverage.of(list.Items, p.ownOf(pods))
		}
		for i := range list.Items {
			if b := covers(&list.Items[i], pods); b.Evictions > 0 {
				p.Impact.Budgets = append(p.Impact.Budgets, b)
			}
		}
	}
}

// coverage is which budgets have a say in evictions of the target's own pods, and whether that could be found out.
type coverage struct {
	read  bool
	names []string
}

func (c *coverage) of(budgets []policyv1.PodDisruptionBudget, evicted []labels.Set) {
	c.read = len(evicted) > 0
	for i := range budgets {
		if covers(&budgets[i], evicted).Evictions > 0 {
			c.names = append(c.names, budgets[i].Name)
		}
	}
}

// ownOf are those of the pods that are the target's.
func (p *Plan) ownOf(pods []labels.Set) (own []labels.Set) {
	for _, pod := range pods {
		if p.Workload.Selector != nil && p.Workload.Selector.Matches(pod) {
			own = append(own, pod)
		}
	}
	return own
}

func covers(budget *policyv1.PodDisruptionBudget, pods []labels.Set) Budget {
	b := Budget{Namespace: budget.Namespace, Name: budget.Name, Allowed: int(budget.Status.DisruptionsAllowed)}
	selector, err := metav1.LabelSelectorAsSelector(budget.Spec.Selector)
	if err != nil {
		return b
	}
	for _, pod := range pods {
		if selector.Matches(pod) {
			b.Evictions++
		}
	}
	return b
}

// room is asked for only where nodes are cordoned: elsewhere a replacement takes the place of what was lost.
func (p *Plan) room(ctx context.Context, changes []inject.Change) {
	cordoned := map[string]bool{}
	for i := range changes {
		if changes[i].Object.Kind == "Node" {
			cordoned[changes[i].Object.Name] = true
		}
	}
	if len(cordoned) == 0 {
		return
	}
	var moving []*cluster.Pod
	for node := range cordoned {
		pods, err := p.connection.PodsOnNode(ctx, node)
		if err != nil {
			p.Impact.Unknown = append(p.Impact.Unknown, fmt.Sprintf("whether the pods of %s fit elsewhere: %v", node, err))
			return
		}
		gone := removed(changes)
		for _, pod := range pods {
			if gone[pod.UID] {
				moving = append(moving, pod)
			}
		}
	}
	if len(moving) == 0 { // the nodes are cordoned, and their pods stay
		return
	}
	room, err := p.connection.Room(ctx, cordoned)
	if err != nil {
		p.Impact.Unknown = append(p.Impact.Unknown, fmt.Sprintf("whether evicted pods fit elsewhere: %v", err))
		return
	}
	p.Impact.Room = &Room{Pods: len(moving), Nodes: room.Nodes(), Fit: room.Place(moving)}
}
