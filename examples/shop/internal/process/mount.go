package process

import (
	"cmp"
	"context"
	"path/filepath"
	"time"

	"github.com/chaosctl/chaosctl/examples/shop/internal/lastgood"
	"github.com/chaosctl/chaosctl/examples/shop/internal/password"
	"github.com/chaosctl/chaosctl/examples/shop/internal/server"
)

// pollEvery is how often mounted files are compared with what is in use.
const pollEvery = time.Second

// Mounted is something read from mounted files, without its type.
type Mounted interface {
	Check()
	Watch(ctx context.Context, every time.Duration)
	Broken() error
}

// Mount reads a value for a server: readiness waits for the first good
// version, each change is logged under the name, and the weaknesses that
// concern configuration apply. Accept, if not nil, is given each good version.
func Mount[T any](s *server.Server, name string, read func() (lastgood.Files, error),
	parse func(lastgood.Files) (T, error), accept func(T)) *lastgood.Value[T] {
	s.Readiness.Hold(name, "not read yet")
	have := false // Accepted and Rejected are never concurrent
	return lastgood.New(lastgood.Source[T]{
		Read: read, Parse: parse,
		Accepted: func(value T, hash string) {
			s.Log.Event("config-loaded", "config", name, "hash", hash)
			if accept != nil {
				accept(value)
			}
			have = true
			s.Readiness.Release(name)
		},
		Rejected: func(err error, hash string) {
			s.Log.Event("config-rejected", "config", name, "hash", hash, "error", err.Error())
			if s.Weakness.CrashOnBadConfig {
				panic(err)
			}
			if !have {
				s.Readiness.Hold(name, err.Error())
			}
		},
	})
}

// MountPassword mounts the password of the shop and keeps it in a ring.
func (e Env) MountPassword(s *server.Server, ring *password.Ring) Mounted {
	path := cmp.Or(e.Getenv("SHOP_PASSWORD_FILE"), "/etc/shop/secret/password")
	dir, file := filepath.Split(path)
	return Mount(s, "password", lastgood.FromDir(dir, file),
		func(files lastgood.Files) (string, error) { return password.Parse(files[file]) },
		func(word string) { ring.Rotate(word, s.Log.Now()) })
}

// Start reads everything mounted once, and from then on again whenever it
// changes, until the context ends.
func Start(ctx context.Context, s *server.Server, mounts ...Mounted) {
	s.Metrics.Gauge("shop_config_broken", "Whether a mounted file is broken and its last good version, if any, in use.", func() float64 {
		for _, m := range mounts {
			if m.Broken() != nil {
				return 1
			}
		}
		return 0
	})
	for _, m := range mounts {
		m.Check()
		if !s.Weakness.ConfigAtStartOnly {
			go m.Watch(ctx, pollEvery)
		}
	}
}
