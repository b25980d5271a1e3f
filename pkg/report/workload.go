package report

import (
	"github.com/chaosctl/chaosctl/pkg/event"
	"github.com/chaosctl/chaosctl/pkg/timeline"
	"github.com/chaosctl/chaosctl/pkg/verdict"
)

// workloadStates is the fold over the states of the target's controller.
type workloadStates struct {
	all []verdict.WorkloadState
	// resource is the one that the target is of, as watches name it.
	resource    string
	cut, missed bool
}

func (w *workloadStates) add(at event.Instant, p event.WorkloadObserved) {
	if p.Target {
		w.resource = timeline.ResourceOf(p.Kind)
		w.all = append(w.all, verdict.WorkloadState{At: at, WorkloadObserved: p})
	}
}

func (w *workloadStates) interrupted(p event.WatchInterrupted) {
	w.cut = w.cut || p.Resource == w.resource
}

func (w *workloadStates) resumed(p event.WatchResumed) {
	if p.Resource == w.resource {
		w.cut, w.missed = false, w.missed || p.Missed
	}
}
