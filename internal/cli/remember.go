package cli

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/chaosctl/chaosctl/pkg/history"
)

// remember takes a run that is over, and reported, into the index of the directory that holds it. What keeps it from that is
// told, and changes nothing: the next `chaosctl history` takes it in. Nobody who wants to leave at once waits for it.
func (a *app) remember(ctx context.Context, dir string) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx)) // a run that was interrupted is one of the history too
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- record(ctx, dir) }()
	var err error
	select {
	case err = <-done:
	case <-a.Leave:
		return
	}
	if err == nil {
		return
	}
	fmt.Fprintf(a.Err, "warning: the run is not in the history yet: %v\n", err)
	if trouble := new(history.Trouble); errors.As(err, &trouble) {
		fmt.Fprintf(a.Err, "hint: nothing is lost; %s\n", trouble.Mend())
	}
}

func record(ctx context.Context, dir string) error {
	index, err := history.Open(ctx, filepath.Dir(dir))
	if err != nil {
		return err
	}
	return errors.Join(index.Record(ctx, filepath.Base(dir)), index.Close())
}
