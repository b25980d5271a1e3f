//go:build !unix

package cli

import "io/fs"

// isOwn cannot be told; no command is run on such a system anyway.
func isOwn(fs.FileInfo) bool { return false }
