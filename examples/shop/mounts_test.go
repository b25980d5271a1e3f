package shop_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

const word = "correct-horse"

const (
	goodProducts   = `{"products": [{"name": "Teapot", "price": 2490}]}`
	otherProducts  = `{"products": [{"name": "Kettle", "price": 3990}]}`
	brokenProducts = `{"products": [{"name": "Tea`
)

// mounts is a directory with what Kubernetes would mount.
type mounts struct {
	t   *testing.T
	dir string
}

func newMounts(t *testing.T) mounts {
	m := mounts{t, t.TempDir()}
	m.write("catalogue.json", goodProducts)
	m.write("mode", "open")
	m.write("password", word)
	return m
}

// write replaces a file at once, as a kubelet does.
func (m mounts) write(name, content string) {
	m.t.Helper()
	next := filepath.Join(m.dir, ".next")
	require.NoError(m.t, os.WriteFile(next, []byte(content), 0o600))
	require.NoError(m.t, os.Rename(next, filepath.Join(m.dir, name)))
}

// env is the environment of a service that reads these files.
func (m mounts) env(weakness string) map[string]string {
	return map[string]string{
		"SHOP_CONFIG_DIR":    m.dir,
		"SHOP_PASSWORD_FILE": filepath.Join(m.dir, "password"),
		"SHOP_WEAKNESS":      weakness,
	}
}
