package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/chaosctl/chaosctl/pkg/access"
	"github.com/chaosctl/chaosctl/pkg/experiment"
)

// writeError prints an error, each problem of a file, and each missing permission, on a line of its own.
func writeError(w io.Writer, err error, hint string) {
	var problems experiment.Problems
	var denied *access.Denied
	switch {
	case errors.As(err, &problems):
		for _, p := range problems {
			fmt.Fprintf(w, "error: %s\n", p.String())
		}
	case errors.As(err, &denied):
		for _, line := range denied.Lines() {
			fmt.Fprintf(w, "error: %s\n", line)
		}
	default:
		fmt.Fprintf(w, "error: %v\n", err)
	}
	if hint != "" {
		fmt.Fprintf(w, "hint: %s\n", hint)
	}
}

// isUsage recognises cobra's own errors, which have no type, and files that are not there.
func isUsage(err error) bool {
	var path *fs.PathError
	if errors.As(err, &path) {
		return true
	}
	for _, start := range []string{"unknown command", "unknown flag", "accepts ", "requires ", "required flag", "invalid argument", "if any flags in the group"} {
		if strings.HasPrefix(err.Error(), start) {
			return true
		}
	}
	return false
}
