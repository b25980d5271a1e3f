package version

import (
	"testing"

	"github.com/stretchr/testify/assert"
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
