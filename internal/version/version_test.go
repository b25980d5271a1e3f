package version

import (
	"encoding/json"
	"runtime/debug"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestReleases(t *testing.T) {
	for version, want := range map[string]bool{
		"v1.2.3": true, "v0.1.0": true, "v1.2.3-rc.1": true,
		"devel": false, "": false, "v1": false, "v1.2.3+dirty": false,
		"v0.0.0-20261127062752-9b0d316e34ab": false, "v0.3.1-0.20261127062752-9b0d316e34ab": false, "v1.2.3-rc.1.0.20261127062752-9b0d316e34ab+dirty": false,
	} {
		assert.Equal(t, want, isRelease(version), version)
	}
}

func TestTag(t *testing.T) {
	assert.Equal(t, "v1.2.3", tag("v1.2.3"))
	assert.Equal(t, "v0.0.0-20261127062752-9b0d316e34ab-dirty", tag("v0.0.0-20261127062752-9b0d316e34ab+dirty"))
	assert.Regexp(t, `^ghcr\.io/chaosctl/chaosctl:[0-9A-Za-z][0-9A-Za-z_.-]*$`, Image())
}

func TestSource(t *testing.T) {
	found := &debug.BuildInfo{Settings: []debug.BuildSetting{
		{Key: "vcs", Value: "git"}, {Key: "vcs.revision", Value: "9b0d316e34ab"}, {Key: "vcs.time", Value: "2026-11-27T06:27:52Z"}, {Key: "vcs.modified", Value: "true"},
	}}
	at := time.Date(2026, 11, 27, 6, 27, 52, 0, time.UTC)
	yes, no := true, false
	for name, c := range map[string]struct {
		commit, date string
		info         *debug.BuildInfo
		want         Build
	}{
		"of a release":        {"abc", "2026-11-27T07:27:52+01:00", found, Build{Commit: "abc", Date: at, Modified: &no}},
		"of a checkout":       {"", "", found, Build{Commit: "9b0d316e34ab", Date: at, Modified: &yes}},
		"of the module proxy": {"", "", &debug.BuildInfo{}, Build{}},
		"without information": {"", "", nil, Build{}},
		"without a time":      {"abc", "", nil, Build{Commit: "abc", Modified: &no}},
	} {
		var got Build
		got.Commit, got.Date, got.Modified = source(c.commit, c.date, c.info)
		assert.Equal(t, c.want, got, name)
	}
}

// TestUnknownIsLeftOut: an unknown commit is not one without changes.
func TestUnknownIsLeftOut(t *testing.T) {
	text, err := json.Marshal(Build{Version: "devel", Go: "go1", Platform: "a/b", Image: "i"})
	require.NoError(t, err)
	assert.JSONEq(t, `{"version":"devel","go":"go1","platform":"a/b","image":"i"}`, string(text))
}
