// Command image-import puts image archives into the containerd of a node, unpacked and ready for the kubelet.
//
//	image-import ADDRESS ARCHIVE...
//
// It waits for containerd to answer at ADDRESS, a unix socket, for up to a minute. An archive that
// is there already is imported again, which changes nothing.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	containerd "github.com/containerd/containerd/v2/client"
	"github.com/containerd/containerd/v2/pkg/namespaces"
	"github.com/containerd/platforms"
)

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: image-import ADDRESS ARCHIVE...")
		os.Exit(2)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := run(ctx, os.Args[1], os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, address string, archives []string) error {
	client, err := connect(ctx, address)
	if err != nil {
		return fmt.Errorf("containerd does not answer at %s: %w", address, err)
	}
	defer client.Close()
	ctx = namespaces.WithNamespace(ctx, "k8s.io")
	for _, archive := range archives {
		if err := load(ctx, client, archive); err != nil {
			return fmt.Errorf("import %s: %w", archive, err)
		}
	}
	return nil
}

// connect waits until containerd's services are there, for it opens its socket before they are.
func connect(ctx context.Context, address string) (*containerd.Client, error) {
	for {
		client, err := containerd.New(address, containerd.WithTimeout(time.Second))
		if err == nil {
			if _, err = client.ImageService().List(namespaces.WithNamespace(ctx, "k8s.io")); err == nil {
				return client, nil
			}
			client.Close()
		}
		select {
		case <-ctx.Done():
			return nil, errors.Join(err, ctx.Err())
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func load(ctx context.Context, client *containerd.Client, archive string) error {
	file, err := os.Open(archive)
	if err != nil {
		return err
	}
	defer file.Close()
	imported, err := client.Import(ctx, file, containerd.WithAllPlatforms(false), containerd.WithImportPlatform(platforms.Default()))
	if err != nil {
		return err
	}
	for _, meta := range imported {
		image := containerd.NewImageWithPlatform(client, meta, platforms.Default())
		if err := image.Unpack(ctx, ""); err != nil {
			return fmt.Errorf("unpack %s: %w", meta.Name, err)
		}
		fmt.Println(meta.Name)
	}
	return nil
}
