package inject

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/types"

	"github.com/chaosctl/chaosctl/pkg/cluster"
)

// leaving are the pods that a workload's controller takes away first, n at the most: of a StatefulSet those of the highest
// ordinals, of others those that are not ready. Which of the others is its own choice.
func leaving(w *cluster.Workload, pods []*cluster.Pod, n int) []types.UID {
	first := slices.Clone(pods)
	slices.SortStableFunc(first, func(a, b *cluster.Pod) int {
		if w.Kind == "StatefulSet" {
			return cmp.Compare(ordinal(b), ordinal(a))
		}
		return cmp.Compare(rank(a), rank(b))
	})
	var uids []types.UID
	for _, pod := range first[:min(n, len(first))] {
		uids = append(uids, pod.UID)
	}
	return uids
}

// staying leaves out the pods that are on their way out.
func staying(pods []*cluster.Pod) []*cluster.Pod {
	return slices.DeleteFunc(slices.Clone(pods), func(p *cluster.Pod) bool { return p.DeletionTimestamp != nil })
}

func rank(p *cluster.Pod) int {
	if p.Ready {
		return 1
	}
	return 0
}

// ordinal is the number at the end of the name of a StatefulSet's pod.
func ordinal(p *cluster.Pod) int {
	n, err := strconv.Atoi(p.Name[strings.LastIndexByte(p.Name, '-')+1:])
	if err != nil {
		return -1
	}
	return n
}
