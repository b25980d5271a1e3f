package lock

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"os/user"
	"strings"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
)

// Label is on every Lease of this package; its value is the run's id.
const Label = "chaosctl.dev/lease"

// holderAnnotation holds the [Holder] of a Lease as JSON, also after the Lease was released.
const holderAnnotation = "chaosctl.dev/holder"

// Holder is who holds a Lease, or was the last to.
type Holder struct {
	Run string `json:"run"`
	// Recovering says that the holder is not the run itself, but puts back what that has left.
	Recovering bool      `json:"recovering,omitempty"`
	Host       string    `json:"host"`
	User       string    `json:"user,omitempty"`
	Process    Process   `json:"process"`
	Command    string    `json:"command,omitempty"`
	CI         string    `json:"ci,omitempty"`
	Began      time.Time `json:"began"`
	// JournalNamespace and Journal name the Secret that holds the run's journal.
	JournalNamespace string `json:"journalNamespace"`
	Journal          string `json:"journal"`
}

// Self describes this process as the holder for a run.
func Self(run, command string) Holder {
	h := Holder{Run: run, Process: self(), Command: command, Began: time.Now().UTC(), CI: ciLink(os.Getenv)}
	h.Host, _ = os.Hostname()
	if u, err := user.Current(); err == nil {
		h.User = u.Username
	}
	return h
}

// ciLink is where a CI shows the job that this process is part of; empty outside of those known.
func ciLink(env func(string) string) string {
	if server, repository, run := env("GITHUB_SERVER_URL"), env("GITHUB_REPOSITORY"), env("GITHUB_RUN_ID"); server != "" && repository != "" && run != "" {
		return fmt.Sprintf("%s/%s/actions/runs/%s", server, repository, run)
	}
	return cmp.Or(env("CI_JOB_URL"), env("BUILD_URL"), env("CIRCLE_BUILD_URL"), env("BUILDKITE_BUILD_URL"))
}

// String tells people whom to ask.
func (h Holder) String() string {
	who := h.Host
	if h.User != "" {
		who = h.User + "@" + h.Host
	}
	parts := []string{fmt.Sprintf("run %s by %s, process %d", h.Run, who, h.Process.PID)}
	if h.Recovering {
		parts[0] = fmt.Sprintf("the recovery of run %s by %s, process %d", h.Run, who, h.Process.PID)
	}
	if h.Command != "" {
		parts = append(parts, "`"+h.Command+"`")
	}
	if h.CI != "" {
		parts = append(parts, h.CI)
	}
	return strings.Join(parts, ", ")
}

// State is what a Lease says of its run.
type State struct {
	Holder Holder
	Scope  Scope
	// Released says that nobody holds it: its run is over, and has left something behind, or there would be no Lease.
	Released bool
	// Renewed is when the holder last said that it lives, by its own clock.
	Renewed time.Time
	lease   *coordinationv1.Lease
}

// ReadState reads a Lease of this package.
func ReadState(lease *coordinationv1.Lease) (State, error) {
	s := State{Scope: Scope{Namespace: lease.Namespace, Name: lease.Name}, lease: lease}
	if err := json.Unmarshal([]byte(lease.Annotations[holderAnnotation]), &s.Holder); err != nil || s.Holder.Run == "" {
		return s, fmt.Errorf("lease %s/%s does not say who holds it: it is not one of chaosctl's, or it is damaged", lease.Namespace, lease.Name)
	}
	s.Released = lease.Spec.HolderIdentity == nil || *lease.Spec.HolderIdentity == ""
	if lease.Spec.RenewTime != nil {
		s.Renewed = lease.Spec.RenewTime.Time
	}
	return s, nil
}

// skew is how far clocks of different hosts may be apart for a Lease to be called expired at first sight.
const skew = time.Minute

// Dead says that the holder lives no more, without doubt: it was a process of this very host that is gone, or has been
// silent for so long that no difference of clocks explains it.
func (s State) Dead(now time.Time) bool {
	return s.Released || s.Holder.Process.gone() || now.Sub(s.Renewed) > Duration+skew
}

// Lapsed says that by this host's clock the Lease is over.
func (s State) Lapsed(now time.Time) bool { return s.Dead(now) || now.Sub(s.Renewed) > Duration }
