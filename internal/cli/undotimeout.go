package cli

import (
	"fmt"

	"github.com/spf13/pflag"

	"github.com/chaosctl/chaosctl/pkg/apply"
)

// undoTimeoutFlag is of every command that undoes.
func (a *app) undoTimeoutFlag(flags *pflag.FlagSet) {
	flags.DurationVar(&a.undoTimeout, "undo-timeout", apply.DefaultUndoTimeout, "How long an undo may wait for an API server that does not answer")
}

func (a *app) checkUndoTimeout() error {
	if a.undoTimeout <= 0 {
		return usage(fmt.Errorf("--undo-timeout is %s: an undo needs time", a.undoTimeout))
	}
	return nil
}
