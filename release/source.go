package release

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// source is the commit of which a release is made.
type source struct {
	// dir is a checkout of it.
	dir    string
	commit string
	// at is when the commit was made, which is the time of everything in a release.
	at time.Time
}

// shown is how many files an error names.
const shown = 5

// sourceOf reads what a checkout holds, and refuses one that holds more than its commit, or of which the version is another commit.
func sourceOf(ctx context.Context, dir, version string) (*source, error) {
	changed, err := git(ctx, dir, "status", "--porcelain", "--untracked-files=all")
	if err != nil {
		return nil, err
	}
	if changed != "" {
		files := strings.Split(changed, "\n")
		more := ""
		if n := len(files); n > shown {
			files, more = files[:shown], fmt.Sprintf("\n… and %d more", n-shown)
		}
		return nil, fmt.Errorf("the tree holds changes that its commit does not: commit them, or put them aside by git stash -u\n%s%s", strings.Join(files, "\n"), more)
	}
	said, err := git(ctx, dir, "show", "--no-patch", "--no-show-signature", "--format=%H %ct", "HEAD")
	if err != nil {
		return nil, err
	}
	commit, seconds, _ := strings.Cut(said, " ")
	at, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil {
		return nil, fmt.Errorf("git says no time of the commit: %q", said)
	}
	tagged, err := git(ctx, dir, "for-each-ref", "--format=%(objectname) %(*objectname)", "refs/tags/"+version)
	if err != nil {
		return nil, err
	}
	// An annotated tag is an object of its own, which names the commit behind it.
	if names := strings.Fields(tagged); len(names) > 0 && names[len(names)-1] != commit {
		return nil, fmt.Errorf("%s is the tag of commit %s, and the tree holds %s: check that out, or give another version", version, short(names[len(names)-1]), short(commit))
	}
	return &source{dir: dir, commit: commit, at: time.Unix(at, 0).UTC()}, nil
}

func short(commit string) string { return commit[:min(12, len(commit))] }

// export checks the commit out into a new folder, which is the source from then on: whatever becomes of the user's own checkout while
// programs are being built, and whatever is in it that git is told to ignore.
func (s *source) export(ctx context.Context, to string) error {
	if _, err := git(ctx, s.dir, "clone", "--quiet", "--shared", "--no-checkout", ".", to); err != nil {
		return err
	}
	s.dir = to
	_, err := git(ctx, to, "-c", "core.autocrlf=false", "-c", "advice.detachedHead=false", "checkout", "--quiet", s.commit)
	return err
}

// file is one as it was committed, whatever git makes of its lines in a checkout.
func (s *source) file(ctx context.Context, path string) ([]byte, error) {
	return output(exec.CommandContext(ctx, "git", "-C", s.dir, "cat-file", "blob", s.commit+":"+path))
}

// git runs a command on a checkout, and gives what it says.
func git(ctx context.Context, dir string, args ...string) (string, error) {
	said, err := output(exec.CommandContext(ctx, "git", append([]string{"-C", dir}, args...)...))
	return strings.TrimRight(string(said), "\n"), err
}

// output is what a command says; its error holds what it complained of.
func output(c *exec.Cmd) ([]byte, error) {
	var complaint bytes.Buffer
	c.Stderr = &complaint
	said, err := c.Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %w\n%s", strings.Join(c.Args, " "), err, strings.TrimSpace(complaint.String()))
	}
	return said, nil
}
