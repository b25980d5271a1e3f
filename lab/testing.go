package lab

import (
	"context"
	"testing"
	"time"

	"github.com/chaosctl/chaosctl/lab/internal/advice"
)

// downWithin bounds how long a test may wait for its lab to go.
const downWithin = 2 * time.Minute

// Start makes a lab for one test and removes it when the test ends. It fails the test if it cannot,
// and logs progress to it. With Reuse in options, a lab of that name that is running already is
// used, and left running.
func Start(t testing.TB, options Options) *Lab {
	t.Helper()
	if options.Log == nil {
		options.Log = t.Logf
	}
	l, err := owned(t.Context(), options)
	if err != nil {
		t.Fatalf("start a lab: %v (%s)", err, advice.Hint(err))
	}
	if l.Existing {
		return l
	}
	t.Cleanup(func() {
		if err := remove(l); err != nil {
			t.Errorf("remove lab %s: %v", l.Name, err)
		}
	})
	return l
}

// Shared makes a lab for all tests of a binary; TestMain calls it, and stop when the tests are
// done. With Reuse in options, a lab of that name that is running already is used, and stop
// leaves it running.
func Shared(ctx context.Context, options Options) (l *Lab, stop func() error, err error) {
	l, err = owned(ctx, options)
	if err != nil {
		return nil, nil, err
	}
	if l.Existing {
		return l, func() error { return nil }, nil
	}
	return l, func() error { return remove(l) }, nil
}

// owned is Up, but for a lab that runs already and may not be shared.
func owned(ctx context.Context, options Options) (*Lab, error) {
	l, err := Up(ctx, options)
	if err != nil {
		return nil, err
	}
	if l.Existing && !options.Reuse {
		return nil, advice.New("run `lab down --name "+l.Name+"`, or set Options.Reuse to use it", "lab %s is already running", l.Name)
	}
	return l, nil
}

func remove(l *Lab) error {
	ctx, cancel := context.WithTimeout(context.Background(), downWithin)
	defer cancel()
	return l.Down(ctx)
}
