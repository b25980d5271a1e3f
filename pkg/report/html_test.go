package report

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"
)

// keep names a directory for the pages of the samples, to be looked at.
var keep = flag.String("keep", "", "a directory to write the sample pages to")

func render(t *testing.T, m *Model) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := WriteHTML(&out, m); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestSamplesCanBeKept(t *testing.T) {
	if *keep == "" {
		t.Skip("without -keep nothing is written")
	}
	for name, m := range samples() {
		if err := os.WriteFile(filepath.Join(*keep, name+".html"), render(t, m), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
