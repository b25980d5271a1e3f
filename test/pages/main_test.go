package pages

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/chaosctl/chaosctl/test/internal/binary"
)

// browser is the one that all tests use, as the context of its first tab.
var browser context.Context

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	stop, err := start(context.Background())
	if err != nil {
		fmt.Fprintln(os.Stderr, "cannot test:", err)
		return 1
	}
	defer stop()
	return m.Run()
}

// start builds chaosctl where make has not, and starts the browser.
func start(ctx context.Context) (stop func(), err error) {
	if err := binary.Build(ctx, binary.Path("chaosctl"), "./cmd/chaosctl"); err != nil {
		return nil, err
	}
	if _, err := os.Stat(tool("axe-core/axe.js")); err != nil {
		return nil, fmt.Errorf("what checks the pages is not installed (make page-tools installs it): %w", err)
	}
	program, err := chromium()
	if err != nil {
		return nil, err
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(program),
		chromedp.NoSandbox, // which root cannot have; the pages are our own
		chromedp.Flag("disable-dev-shm-usage", true),
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"),
	)
	allocated, release := chromedp.NewExecAllocator(ctx, options...)
	tab, cancel := chromedp.NewContext(allocated)
	if err := chromedp.Do(tab); err != nil {
		release()
		return nil, fmt.Errorf("%s does not start: %w", program, err)
	}
	browser = tab
	return func() { cancel(); release() }, nil
}

// chromium is the path of a browser that speaks the protocol.
func chromium() (string, error) {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", errors.New("there is no chromium: make page-tools installs it where there is apt-get, as root")
}

// tool is the path of a file of a package of npm, where scripts/page-tools.sh has installed it.
func tool(path string) string {
	lock, err := os.ReadFile(filepath.Join("tools", "package-lock.json")) // go test runs in the folder of the package
	if err != nil {
		panic(err)
	}
	home, _ := os.UserCacheDir() // without one the path that is not found says so
	digest := sha256.Sum256(lock)
	return filepath.Join(cmp.Or(os.Getenv("CHAOSCTL_TOOLS"), filepath.Join(home, "chaosctl-tools")), "pages-"+hex.EncodeToString(digest[:])[:12], "node_modules", path)
}
