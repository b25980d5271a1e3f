package journal

import (
	"context"
	"fmt"
	"time"

	"github.com/chaosctl/chaosctl/pkg/inject"
)

// Version is that of the format. A journal of a newer one is refused by [Header.Check]. Since 2 there are operations that a
// reader of 1 would pass over in silence: commands, and objects that are to be created again.
const Version = 2

// Header says whose journal it is.
type Header struct {
	Version int    `json:"version"`
	Run     string `json:"run"`
	// Cluster is the UID of the namespace kube-system, which tells clusters apart.
	Cluster string    `json:"cluster"`
	Began   time.Time `json:"began"`
	// By is the version of the program that wrote it.
	By string `json:"by,omitempty"`
}

// Check says why a journal must not be acted upon in the cluster of that UID.
func (h Header) Check(cluster string) error {
	switch {
	case h.Version > Version:
		return fmt.Errorf("the journal of run %s was written by a newer chaosctl (%s, format %d; this one reads up to %d): recover it with that one", h.Run, h.By, h.Version, Version)
	case h.Version < 1 || h.Run == "":
		return fmt.Errorf("the journal's header names no run and no version: it is not one of chaosctl's, or it is damaged")
	case h.Cluster != cluster:
		return fmt.Errorf("the journal of run %s belongs to another cluster (its kube-system has the UID %s, this one's %s): check --context", h.Run, h.Cluster, cluster)
	}
	return nil
}

// Journal records what is about to be done, durably (G1).
type Journal interface {
	// Append returns when the entries would survive the loss of this process and of power. After an error none of them may
	// be acted upon; it may be called again with the same entries.
	Append(ctx context.Context, entries ...Entry) error
}

// Entry is one intent: the change that is about to be sent.
type Entry struct {
	Change *inject.Change `json:"change"`
}

// All appends to each in turn.
type All []Journal

// Append stops at the first that fails.
func (all All) Append(ctx context.Context, entries ...Entry) error {
	for _, j := range all {
		if err := j.Append(ctx, entries...); err != nil {
			return err
		}
	}
	return nil
}

// withheld is an entry without the values of a confidential object (G18).
func withheld(e Entry) Entry {
	if e.Change.Edit == nil && e.Change.Withdraw == nil || !e.Change.Object.Confidential() {
		return e
	}
	change := *e.Change
	if change.Withdraw != nil {
		change.Withdraw = &inject.Withdraw{}
		return Entry{Change: &change}
	}
	edit := *change.Edit
	edit.Fields = nil
	for _, f := range change.Edit.Fields {
		edit.Fields = append(edit.Fields, f.Withheld())
	}
	change.Edit = &edit
	return Entry{Change: &change}
}
