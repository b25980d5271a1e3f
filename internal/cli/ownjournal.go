package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/chaosctl/chaosctl/pkg/inject"
	"github.com/chaosctl/chaosctl/pkg/journal"
	"github.com/chaosctl/chaosctl/pkg/report"
)

// ownJournal reads what this user's run has written down on this machine; nothing where that is not here. It may have commands
// run, so it must be as run makes it: of this user, and open to nobody else.
func (a *app) ownJournal(run, cluster string) ([]*inject.Change, error) {
	if filepath.Base(run) != run || !filepath.IsLocal(run) { // it comes out of the cluster
		return nil, nil
	}
	path := filepath.Join(a.runs, run, report.JournalFile)
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular() || info.Mode().Perm()&0o077 != 0 || !isOwn(info):
		return nil, fmt.Errorf("%s is not a file of this user that is closed to others (mode 0600), as run makes it", path)
	}
	header, entries, err := journal.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if err := header.Check(cluster); err != nil {
		return nil, err
	}
	if header.Run != run {
		return nil, fmt.Errorf("%s is the journal of run %s", path, header.Run)
	}
	var changes []*inject.Change
	for _, e := range entries {
		changes = append(changes, e.Change)
	}
	return changes, nil
}
