package report

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	utiljson "k8s.io/apimachinery/pkg/util/json"

	"github.com/chaosctl/chaosctl/pkg/attribution"
	"github.com/chaosctl/chaosctl/pkg/event"
	"github.com/chaosctl/chaosctl/pkg/experiment"
	"github.com/chaosctl/chaosctl/pkg/load"
	"github.com/chaosctl/chaosctl/pkg/timeline"
	"github.com/chaosctl/chaosctl/pkg/verdict"
)

// The files that a run writes while it goes on.
const (
	EventsFile  = "events.jsonl"
	SamplesFile = "samples.bin"
	JournalFile = "journal.jsonl"
)

// Build folds what a run left in a directory into the model of its report. It reads the events once and the samples
// once, in memory that does not grow with their number. The loader reads the experiment that the log holds.
func Build(dir string, loader experiment.Loader) (*Model, error) {
	record, err := readEvents(dir, loader)
	if err != nil {
		return nil, err
	}
	recoveries := record.timeline.Recoveries()
	requests, err := readRequests(dir, record, recoveries)
	if err != nil {
		return nil, err
	}
	requests.complete(recoveries, record)
	facts := record.facts(requests, recoveries)
	return record.model(requests, facts), nil
}

// record is the fold over the events of a run.
type record struct {
	start      event.RunStarted
	experiment *experiment.Experiment
	planned    event.Planned
	streams    []event.StreamStarted
	// began holds, by the stream, when it did.
	began   map[int]event.Instant
	starved map[int]bool
	// unexpected says, by the stream, what the first answer lacked that was not as expected.
	unexpected map[int]string
	spans      []Span
	ended      *event.RunEnded
	end        event.Instant
	// recovered says that the target came back and stayed, from converged on.
	recovered bool
	converged event.Instant
	timeline  *timeline.Fold
	history   *attribution.History
	// configured is nil where what the target is like is not known.
	configured *event.TargetConfigured
	changes    *changes
	pods       *lanes
	probes     *probes
	members    *membership
	around     *surroundings
	snapshots  map[event.Moment]verdict.Snapshot
	values     map[string]event.ValuesRead
	declared   []verdict.DeclaredLook
	workload   workloadStates
	// watches is nil where it was not measured how late they are.
	watches *event.WatchMeasured
	notes   []Note
}

// watchDelay is the most that a watch was late.
func (r *record) watchDelay() time.Duration {
	if r.watches == nil {
		return 0
	}
	return secondsOf(r.watches.Max)
}

func readEvents(dir string, loader experiment.Loader) (*record, error) {
	path := filepath.Join(dir, EventsFile)
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s is not the directory of a run: it holds no %s", dir, EventsFile)
	}
	if err != nil {
		return nil, err
	}
	defer file.Close()
	r := &record{began: map[int]event.Instant{}, starved: map[int]bool{}, unexpected: map[int]string{}, members: newMembership(), snapshots: map[event.Moment]verdict.Snapshot{}, values: map[string]event.ValuesRead{}, timeline: timeline.NewFold(), history: attribution.NewHistory(), changes: newChanges(), pods: newLanes(), probes: newProbes(), around: newSurroundings()}
	if err := event.Read(file, r.add); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if r.start.RunID == "" {
		return nil, fmt.Errorf("%s ends before the run began: there is nothing to report", path)
	}
	if r.experiment, err = readExperiment(loader, r.start); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	r.closeSpans()
	return r, nil
}

func (r *record) add(e event.Event) error {
	r.end = max(r.end, e.At)
	r.timeline.Emit(e)
	r.history.Emit(e)
	switch p := e.Payload.(type) {
	case event.RunStarted:
		r.start = p
	case event.Planned:
		r.planned = p
	case event.StreamStarted:
		r.streams, r.began[p.ID] = append(r.streams, p), e.At
	case event.StreamEnded:
		r.starved[p.ID], r.unexpected[p.ID] = p.Starved, p.Unexpected
	case event.PhaseStarted:
		r.spans = append(r.spans, Span{Phase: p.Phase, Start: e.At, End: -1})
	case event.PhaseEnded:
		r.endSpan(e.At, p)
	case event.ChangeUpdated:
		r.changes.add(e.At, p)
	case event.PodObserved:
		r.pods.add(e.At, p)
	case event.WorkloadObserved:
		r.workload.add(e.At, p)
		r.around.workload(e.At, p)
	case event.ScalerObserved:
		r.around.scaler(e.At, p)
	case event.Happened:
		r.around.add(e.At, p)
	case event.EndpointObserved:
		r.members.add(e.At, p)
	case event.ProbeChecked:
		r.probes.add(e.At, p)
	case event.TargetRead:
		// With numbers as the API's own reader has them: whole ones are no fractions.
		s := verdict.Snapshot{Unread: p.Unread}
		if err := utiljson.Unmarshal(p.Objects, &s.Objects); err != nil {
			return fmt.Errorf("the target %s: %w", p.Moment, err)
		}
		r.snapshots[p.Moment] = s
	case event.ValuesRead:
		r.values[p.Of] = p
	case event.DeclaredCompared:
		r.declared = append(r.declared, verdict.DeclaredLook{At: e.At, DeclaredCompared: p})
	case event.TargetConfigured:
		r.configured = &p
	case event.WatchMeasured:
		r.watches = &p
	case event.WatchResumed:
		r.workload.resumed(p)
		if p.Resource == timeline.PodsResource {
			r.pods.cut, r.pods.missed = false, r.pods.missed || p.Missed
		}
	case event.WatchInterrupted:
		r.workload.interrupted(p)
		r.pods.cut = r.pods.cut || p.Resource == timeline.PodsResource
		r.notes = append(r.notes, Note{At: e.At, Level: "warning", Message: fmt.Sprintf("the watch of %s was cut, so events may have been missed: %s", p.Resource, p.Reason)})
	case event.Noted:
		r.notes = append(r.notes, Note{At: e.At, Level: p.Level, Message: p.Message})
	case event.RunEnded:
		r.ended = &p
	}
	return nil
}

func (r *record) endSpan(at event.Instant, p event.PhaseEnded) {
	for i := range r.spans {
		if r.spans[i].Phase == p.Phase {
			r.spans[i].End = at
		}
	}
	if p.Phase == event.Recovery {
		r.recovered, r.converged = p.Complete, p.Converged
	}
	if p.Reason != "" {
		r.notes = append(r.notes, Note{At: at, Level: "warning", Message: fmt.Sprintf("the %s phase: %s", p.Phase, p.Reason)})
	}
}

// closeSpans ends the window that a killed run left open at the last instant that it recorded.
func (r *record) closeSpans() {
	for i := range r.spans {
		if r.spans[i].End < 0 {
			r.spans[i].End = r.end
		}
	}
}

// windows are the spans as the verdict names them, and the whole run.
func (r *record) windows() map[verdict.Window]verdict.Span {
	windows := map[verdict.Window]verdict.Span{}
	for _, s := range r.spans {
		windows[verdict.Window(s.Phase)] = verdict.Span{Start: s.Start, End: s.End}
	}
	if len(r.spans) > 0 {
		windows[verdict.Run] = verdict.Span{Start: r.spans[0].Start, End: r.spans[len(r.spans)-1].End}
	}
	return windows
}

// loadStreams are the streams as the tally wants them.
func (r *record) loadStreams() []load.Stream {
	var all []load.Stream
	for _, s := range r.streams {
		all = append(all, load.Stream{ID: s.ID, Name: s.Name, Fresh: s.Connections == string(experiment.Fresh), Profile: r.profile(s), Timeout: secondsOf(s.Timeout)})
	}
	return all
}

// profile is the rate of a stream over time. The experiment tells it; the event has the words.
func (r *record) profile(s event.StreamStarted) load.Profile {
	for i := range r.experiment.Spec.Load {
		if l := &r.experiment.Spec.Load[i]; l.Name == s.Name && s.Profile != "" {
			return load.ProfileOf(l.StreamShape())
		}
	}
	return load.Constant(s.Rate)
}
