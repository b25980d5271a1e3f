//go:build unix

package cli

import (
	"io/fs"
	"os"
	"syscall"
)

// isOwn says that a file belongs to the user of this process.
func isOwn(info fs.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(stat.Uid) == os.Geteuid()
}
