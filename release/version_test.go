package release

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestCheckVersion(t *testing.T) {
	for _, version := range []string{"v0.3.0", "v1.2.3", "v1.0.0-rc.1", "v0.0.1-alpha"} {
		assert.NoError(t, CheckVersion(version), version)
	}
	for version, mend := range map[string]string{
		"": "make release VERSION=v0.3.0", "0.3.0": "give v0.3.0", "v0.3": "give one such as v0.3.0", "v0": "give one such as", "main": "give one such as",
		"v0.3.0+build": "give one such as", "v1.2.3.4": "give one such as", "v01.2.3": "give one such as", "../v0.3.0": "give one such as",
		"v0.0.0-20261127062752-9b0d316e34ab": "what Go calls a commit",
	} {
		require.ErrorContains(t, CheckVersion(version), mend, version)
	}
}
