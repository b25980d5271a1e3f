// Package image makes a container image out of a static binary, without an engine or a registry.
package image

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io"
	"os"
	"runtime"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"

	"github.com/chaosctl/chaosctl/lab/internal/advice"
)

// Archive writes an image archive with the binary as /app, its entrypoint. A reference without a
// registry or tag is completed as Kubernetes completes it (docker.io, library/, :latest).
func Archive(reference, binary, archive string) error {
	tag, err := name.NewTag(reference)
	if err != nil {
		return advice.New("give one such as example/web:1", "%q is no image name", reference)
	}
	content, err := os.ReadFile(binary)
	if err != nil {
		return fmt.Errorf("read binary: %w", err)
	}
	if !bytes.HasPrefix(content, []byte("\x7fELF")) {
		return advice.New("build it with CGO_ENABLED=0 GOOS=linux go build", "%s is no Linux program", binary)
	}
	img, err := fromBinary(content)
	if err != nil {
		return err
	}
	return tarball.WriteToFile(archive, tag, img)
}

func fromBinary(content []byte) (v1.Image, error) {
	var layer bytes.Buffer
	writer := tar.NewWriter(&layer)
	// World-writable /tmp, for programs that want one; an image from nothing has no folders at all.
	if err := writer.WriteHeader(&tar.Header{Name: "tmp/", Typeflag: tar.TypeDir, Mode: 0o1777}); err != nil {
		return nil, err
	}
	if err := writer.WriteHeader(&tar.Header{Name: "app", Mode: 0o755, Size: int64(len(content))}); err != nil {
		return nil, err
	}
	if _, err := writer.Write(content); err != nil {
		return nil, err
	}
	if err := writer.Close(); err != nil {
		return nil, err
	}
	opener := func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(layer.Bytes())), nil }
	// Speed counts for more than size in an archive that never leaves the machine.
	compressed, err := tarball.LayerFromOpener(opener, tarball.WithCompressionLevel(1))
	if err != nil {
		return nil, err
	}
	img, err := mutate.AppendLayers(empty.Image, compressed)
	if err != nil {
		return nil, err
	}
	config, err := img.ConfigFile()
	if err != nil {
		return nil, err
	}
	config = config.DeepCopy()
	config.OS, config.Architecture = "linux", runtime.GOARCH
	config.Config.Entrypoint = []string{"/app"}
	return mutate.ConfigFile(img, config)
}
