package image

import (
	"archive/tar"
	"bytes"
	"cmp"
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/chaosctl/chaosctl/lab/internal/advice"
)

// nobody is the user of an image that is for others: one without any rights, as a number, which Kubernetes can tell from root.
const nobody = "65532:65532"

// Layout writes an archive with an OCI layout, which holds one image for each architecture that there is a binary of: nothing but
// the binary, under a name in the root, as its entrypoint. Of the same binaries it is the same to the byte, whenever and wherever
// it is made. It returns the digest by which the image is known.
func Layout(reference, entrypoint, archive string, binaries ...string) (digest string, err error) {
	tag, err := name.NewTag(reference)
	if err != nil {
		return "", advice.New("give one such as registry.example/chaosctl:1", "%q is no image name", reference)
	}
	index, err := indexOf(entrypoint, binaries)
	if err != nil {
		return "", err
	}
	sum, err := index.Digest()
	if err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp(filepath.Dir(archive), ".layout-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)
	path, err := layout.Write(filepath.Join(dir, "files"), empty.Index)
	if err != nil {
		return "", err
	}
	// containerd goes by the one, and others by the other. It knows the registry of Docker by its short name.
	called := map[string]string{"io.containerd.image.name": strings.TrimPrefix(tag.Name(), "index."), "org.opencontainers.image.ref.name": tag.TagStr()}
	if err := path.AppendIndex(index, layout.WithAnnotations(called)); err != nil {
		return "", err
	}
	temp := filepath.Join(dir, "archive")
	if err := pack(string(path), temp); err != nil {
		return "", err
	}
	return sum.String(), os.Rename(temp, archive)
}

// indexOf are the images, in the order of their architectures.
func indexOf(entrypoint string, binaries []string) (v1.ImageIndex, error) {
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	var all []mutate.IndexAddendum
	for _, binary := range binaries {
		content, architecture, err := static(binary)
		if err != nil {
			return nil, err
		}
		img, err := alone(entrypoint, content, architecture)
		if err != nil {
			return nil, err
		}
		all = append(all, mutate.IndexAddendum{Add: img, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: architecture}}})
	}
	by := func(a, b mutate.IndexAddendum) int {
		return cmp.Compare(a.Platform.Architecture, b.Platform.Architecture)
	}
	slices.SortFunc(all, by)
	distinct := len(slices.CompactFunc(slices.Clone(all), func(a, b mutate.IndexAddendum) bool { return by(a, b) == 0 }))
	if distinct != len(all) || distinct == 0 {
		return nil, advice.New("give one binary for each architecture", "there are %d architectures in %d binaries", distinct, len(all))
	}
	return mutate.AppendManifests(index, all...), nil
}

// architectures are those for which there are images, by what their binaries say of themselves.
var architectures = map[elf.Machine]string{elf.EM_X86_64: "amd64", elf.EM_AARCH64: "arm64"}

// static reads a binary that needs nothing beside it, and says what it is for.
func static(binary string) (content []byte, architecture string, err error) {
	if content, err = os.ReadFile(binary); err != nil {
		return nil, "", fmt.Errorf("read binary: %w", err)
	}
	const build = "build it with CGO_ENABLED=0 GOOS=linux go build"
	program, err := elf.NewFile(bytes.NewReader(content))
	if err != nil {
		return nil, "", advice.New(build, "%s is no Linux program: %w", binary, err)
	}
	if slices.ContainsFunc(program.Progs, func(p *elf.Prog) bool { return p.Type == elf.PT_INTERP }) {
		return nil, "", advice.New(build, "%s needs libraries, and the image has none", binary)
	}
	architecture, ok := architectures[program.Machine]
	if !ok {
		return nil, "", advice.New("build it with GOARCH=amd64 or arm64", "%s is for %s, of which no images are made", binary, program.Machine)
	}
	return content, architecture, nil
}

// alone is an image with nothing but a program.
func alone(entrypoint string, content []byte, architecture string) (v1.Image, error) {
	var files bytes.Buffer
	writer := tar.NewWriter(&files)
	if err := add(writer, &tar.Header{Name: entrypoint, Mode: 0o755, Size: int64(len(content))}, bytes.NewReader(content)); err != nil {
		return nil, err
	}
	if err := writer.Close(); err != nil {
		return nil, err
	}
	opener := func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(files.Bytes())), nil }
	layer, err := tarball.LayerFromOpener(opener, tarball.WithMediaType(types.OCILayer))
	if err != nil {
		return nil, err
	}
	img := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	if img, err = mutate.AppendLayers(img, layer); err != nil {
		return nil, err
	}
	config, err := img.ConfigFile()
	if err != nil {
		return nil, err
	}
	config = config.DeepCopy()
	config.OS, config.Architecture, config.Created = "linux", architecture, v1.Time{Time: epoch}
	config.Config.Entrypoint, config.Config.User, config.Config.WorkingDir = []string{"/" + entrypoint}, nobody, "/"
	return mutate.ConfigFile(img, config)
}

// epoch is when everything in an archive was made.
var epoch = time.Unix(0, 0).UTC()

// add puts a file into an archive, with nothing that depends on when or by whom.
func add(writer *tar.Writer, header *tar.Header, content io.Reader) error {
	header.ModTime, header.Format = epoch, tar.FormatUSTAR
	if err := writer.WriteHeader(header); err != nil {
		return err
	}
	_, err := io.Copy(writer, content)
	return err
}

// pack puts the files of a folder into an archive, sorted.
func pack(dir, archive string) (err error) {
	file, err := os.Create(archive)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	writer := tar.NewWriter(file)
	root := os.DirFS(dir)
	err = fs.WalkDir(root, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		content, err := root.Open(path)
		if err != nil {
			return err
		}
		defer content.Close()
		return add(writer, &tar.Header{Name: path, Mode: 0o644, Size: info.Size()}, content)
	})
	return errors.Join(err, writer.Close())
}
