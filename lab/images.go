//go:build linux

package lab

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/chaosctl/chaosctl/lab/internal/advice"
	"github.com/chaosctl/chaosctl/lab/internal/host"
	"github.com/chaosctl/chaosctl/lab/internal/image"
)

// LoadImage makes an image of a static Linux binary, its entrypoint, and puts it into every node.
// Pods use it by that reference with imagePullPolicy IfNotPresent.
func (l *Lab) LoadImage(ctx context.Context, reference, binary string) error {
	sum := sha256.Sum256([]byte(reference))
	name := hex.EncodeToString(sum[:8])
	return l.addImage(ctx, name, func(archive string) error { return image.Archive(reference, binary, archive) })
}

// LoadArchive puts the images in an archive, of the kind that `docker save` writes or an OCI
// layout in a tar file, into every node.
func (l *Lab) LoadArchive(ctx context.Context, archive string) error {
	name, err := sumFile(archive)
	if err != nil {
		return fmt.Errorf("read archive: %w", err)
	}
	return l.addImage(ctx, name, func(to string) error { return copyFile(archive, to) })
}

// addImage keeps an archive under a name and imports it. The archives that are kept go into a node
// that was stopped when it starts again.
func (l *Lab) addImage(ctx context.Context, name string, write func(archive string) error) error {
	release, err := l.lock(ctx)
	if err != nil {
		return err
	}
	defer release()
	if err := l.running(); err != nil {
		return err
	}
	if len(l.Nodes) == 0 {
		return advice.New("make one with another profile", "lab %s has no nodes to load images into", l.Name)
	}
	temp := l.path("images", ".loading")
	defer os.Remove(temp)
	if err := write(temp); err != nil {
		return host.Explain(l.record.StateDir, err)
	}
	archive := l.path("images", name+".tar")
	if err := os.Rename(temp, archive); err != nil {
		return err
	}
	tasks, ctx := errgroup.WithContext(ctx)
	for i, node := range l.record.Nodes {
		if !node.Stopped {
			tasks.Go(func() error { return l.worker(i).importImages(ctx, archive) })
		}
	}
	if err := tasks.Wait(); err != nil {
		os.Remove(archive)
		return err
	}
	return nil
}

// archives are the kept ones in the order they were loaded in, so that of two images with one name
// the later stays.
func (l *Lab) archives() ([]string, error) {
	paths, err := filepath.Glob(l.path("images", "*.tar"))
	if err != nil {
		return nil, err
	}
	loaded := map[string]time.Time{}
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			return nil, err
		}
		loaded[path] = info.ModTime()
	}
	slices.SortStableFunc(paths, func(a, b string) int { return loaded[a].Compare(loaded[b]) })
	return paths, nil
}

func copyFile(from, to string) error {
	source, err := os.Open(filepath.Clean(from))
	if err != nil {
		return fmt.Errorf("read archive: %w", err)
	}
	defer source.Close()
	target, err := os.Create(to)
	if err != nil {
		return err
	}
	defer target.Close()
	if _, err := io.Copy(target, source); err != nil {
		return err
	}
	return target.Close()
}

func sumFile(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	hash := sha256.New()
	_, err = io.Copy(hash, file)
	return hex.EncodeToString(hash.Sum(nil))[:16], err
}
