package monitor

import (
	"net/http"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/chaosctl/chaosctl/pkg/notify"
	"github.com/chaosctl/chaosctl/pkg/report"
)

// Monitor holds the metrics. Its methods may be called by several goroutines at once. What it holds grows with the number of
// experiments, not with that of runs.
type Monitor struct {
	registry *prometheus.Registry
	ready    atomic.Bool

	runs, missed, notified                                   *prometheus.CounterVec
	leads, config, next, ended, availability, recovery, left *prometheus.GaugeVec
}

// New makes a monitor that has seen nothing yet, and is not ready.
func New() *Monitor {
	m := &Monitor{registry: prometheus.NewRegistry()}
	// What this program itself takes: memory, goroutines, open files.
	m.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		c := prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "chaosctl", Name: name, Help: help}, labels)
		m.registry.MustRegister(c)
		return c
	}
	gauge := func(name, help string, labels ...string) *prometheus.GaugeVec {
		g := prometheus.NewGaugeVec(prometheus.GaugeOpts{Namespace: "chaosctl", Name: name, Help: help}, labels)
		m.registry.MustRegister(g)
		return g
	}
	m.runs = counter("runs_total", "Experiments that were run, by their verdict, and those that were not.", "gameday", "experiment", "verdict")
	m.missed = counter("missed_runs_total", "Runs of a game day that were due and did not begin.", "gameday")
	m.notified = counter("notifications_total", "Messages about a game day, by whom they were for, and whether they were delivered, failed or were dropped.", "gameday", "receiver", "outcome")
	m.leads = gauge("leader", "1 where this replica runs game days, 0 where it waits until it leads.")
	m.config = gauge("gameday_config_valid", "1 where a file of game days is in force as it stands, 0 where it is broken, so that what was in force before stays so.", "file")
	m.next = gauge("next_run_timestamp_seconds", "When the game day runs next.", "gameday")
	m.ended = gauge("last_run_timestamp_seconds", "When the last run of the experiment ended.", "gameday", "experiment")
	m.availability = gauge("last_run_availability_ratio", "The share of requests that were answered in the last run.", "gameday", "experiment", "load", "connections")
	m.recovery = gauge("last_run_recovery_seconds", "How long the slowest recovery of the last run took, and each of its phases.", "gameday", "experiment", "phase")
	m.left = gauge("last_run_undo_incomplete", "1 where the last run has left something behind.", "gameday", "experiment")
	return m
}

// Ready says whether runs begin when they are due, here or at a replica that leads.
func (m *Monitor) Ready(ready bool) { m.ready.Store(ready) }

// Leads says whether this replica is the one that runs game days.
func (m *Monitor) Leads(leads bool) { m.leads.WithLabelValues().Set(one(leads)) }

// Config is told whether a file of game days is in force as it stands.
func (m *Monitor) Config(file string, valid bool) {
	m.config.WithLabelValues(file).Set(one(valid))
}

// NoConfig is told that a file holds no game days, or is not there any more.
func (m *Monitor) NoConfig(file string) { m.config.DeleteLabelValues(file) }

// Next is told of the run that is waited for; zero is none.
func (m *Monitor) Next(gameDay string, at time.Time) {
	if at.IsZero() {
		m.next.DeleteLabelValues(gameDay)
		return
	}
	m.next.WithLabelValues(gameDay).Set(float64(at.UnixMilli()) / 1e3)
}

// Missed is told of runs that were left out.
func (m *Monitor) Missed(gameDay string, count int) {
	m.missed.WithLabelValues(gameDay).Add(float64(count))
}

// NotRun is told of an experiment whose turn it was, and that was not run.
func (m *Monitor) NotRun(gameDay, experiment string) {
	m.runs.WithLabelValues(gameDay, experiment, "not run").Inc()
}

// Notified is told what became of a message about a game day.
func (m *Monitor) Notified(gameDay, receiver string, o notify.Outcome) {
	m.notified.WithLabelValues(gameDay, receiver, string(o)).Inc()
}

// Ran is told of the result of an experiment.
func (m *Monitor) Ran(gameDay string, r *report.Result) {
	of := prometheus.Labels{"gameday": gameDay, "experiment": r.Experiment.Name}
	m.runs.WithLabelValues(gameDay, r.Experiment.Name, string(r.Verdict)).Inc()
	m.ended.With(of).Set(float64(r.EndedAt.UnixMilli()) / 1e3)
	m.left.With(of).Set(one(r.Undo != report.UndoClean && r.Undo != report.UndoDiverged))
	// Figures that this run does not have must not be taken for its own.
	m.availability.DeletePartialMatch(of)
	for _, s := range r.Streams {
		if s.Availability != nil {
			m.availability.WithLabelValues(gameDay, r.Experiment.Name, s.Name, s.Connections).Set(*s.Availability)
		}
	}
	m.recovery.DeletePartialMatch(of)
	if slowest := slowest(r.Recoveries); slowest != nil {
		m.recovery.WithLabelValues(gameDay, r.Experiment.Name, "total").Set(*slowest.Total)
		for name, seconds := range slowest.Phases.ByName() {
			m.recovery.WithLabelValues(gameDay, r.Experiment.Name, name).Set(seconds)
		}
	}
}

// one is 1 for what is true, and 0 for what is not.
func one(is bool) float64 {
	if is {
		return 1
	}
	return 0
}

// slowest is the recovery that took longest, of those that were seen to end.
func slowest(all []report.RecoveryResult) *report.RecoveryResult {
	var found *report.RecoveryResult
	for i := range all {
		if r := &all[i]; r.Total != nil && !r.Censored && (found == nil || *r.Total > *found.Total) {
			found = r
		}
	}
	return found
}

// Handler serves /metrics, /healthz and /readyz.
func (m *Monitor) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{MaxRequestsInFlight: 4, Timeout: 5 * time.Second}))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		if !m.ready.Load() {
			http.Error(w, "no run begins now", http.StatusServiceUnavailable)
			return
		}
		w.WriteHeader(http.StatusOK)
	})
	return mux
}
