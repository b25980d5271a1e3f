package release

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"
)

// archived stands for the archives of a release.
func archived(version string) manifest {
	archives := map[Platform]asset{}
	for _, p := range Platforms() {
		archives[p] = asset{p.archive(version), sum([]byte(p.String()))}
	}
	return manifestOf(version, archives, Platforms())
}

// plugin is what krew knows of a manifest; a field beside these is a mistake.
type plugin struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Metadata   struct {
		Name string `json:"name"`
	} `json:"metadata"`
	Spec struct {
		Version          string `json:"version"`
		Homepage         string `json:"homepage"`
		ShortDescription string `json:"shortDescription"`
		Description      string `json:"description"`
		Platforms        []struct {
			Selector struct {
				MatchLabels map[string]string `json:"matchLabels"`
			} `json:"selector"`
			URI    string              `json:"uri"`
			SHA256 string              `json:"sha256"`
			Bin    string              `json:"bin"`
			Files  []map[string]string `json:"files"`
		} `json:"platforms"`
	} `json:"spec"`
}

// TestKrew holds the manifest against the rules of krew and of its index:
// https://krew.sigs.k8s.io/docs/developer-guide/plugin-manifest/ and https://krew.sigs.k8s.io/docs/developer-guide/develop/best-practices/
func TestKrew(t *testing.T) {
	text, err := archived("v1.2.3-rc.1").krew()
	require.NoError(t, err)
	var p plugin
	require.NoError(t, yaml.UnmarshalStrict(text, &p))
	assert.Equal(t, "krew.googlecontainertools.github.com/v1alpha2 Plugin chaosctl", p.APIVersion+" "+p.Kind+" "+p.Metadata.Name)
	assert.Equal(t, "v1.2.3-rc.1", p.Spec.Version)
	assert.NotEmpty(t, p.Spec.ShortDescription)
	assert.LessOrEqual(t, len(p.Spec.ShortDescription), 50, "krew shows it in a table")
	assert.False(t, strings.HasSuffix(p.Spec.ShortDescription, "."))
	for line := range strings.Lines(p.Spec.Description) {
		assert.LessOrEqual(t, len(line), 120)
	}
	require.Len(t, p.Spec.Platforms, len(Platforms()))
	for i, want := range Platforms() {
		got := p.Spec.Platforms[i]
		assert.Equal(t, map[string]string{"os": want.OS, "arch": want.Architecture}, got.Selector.MatchLabels)
		assert.Equal(t, repository+"/releases/download/v1.2.3-rc.1/"+want.archive("v1.2.3-rc.1"), got.URI)
		assert.Equal(t, sum([]byte(want.String())), got.SHA256)
		assert.Equal(t, want.OS == "windows", strings.HasSuffix(got.Bin, ".exe"))
		// The index takes no plugin without its licence.
		assert.Equal(t, []map[string]string{{"from": got.Bin, "to": "."}, {"from": "LICENSE", "to": "."}}, got.Files)
	}
}

// TestHomebrew holds the formula against what brew audit asks for: https://docs.brew.sh/Formula-Cookbook
func TestHomebrew(t *testing.T) {
	text, err := archived("v1.2.3").homebrew()
	require.NoError(t, err)
	formula := string(text)
	assert.Contains(t, formula, "\n  version \"1.2.3\"\n")
	desc := regexp.MustCompile(`\n  desc "(.*)"\n`).FindStringSubmatch(formula)
	require.NotNil(t, desc)
	assert.Less(t, len(desc[1]), 80)
	assert.NotRegexp(t, `^(?i)(an? |the |chaosctl)|\.$`, desc[1])
	for _, block := range []struct {
		system   string
		platform Platform
	}{{"on_macos", Platform{"darwin", "amd64"}}, {"on_macos", Platform{"darwin", "arm64"}}, {"on_linux", Platform{"linux", "amd64"}}, {"on_linux", Platform{"linux", "arm64"}}} {
		_, inside, found := strings.Cut(formula, "\n  "+block.system+" do\n")
		require.True(t, found)
		inside, _, found = strings.Cut(inside, "\n  end\n")
		require.True(t, found)
		cpu := map[string]string{"amd64": "intel", "arm64": "arm"}[block.platform.Architecture]
		url := repository + "/releases/download/v1.2.3/" + block.platform.archive("v1.2.3")
		assert.Contains(t, inside, "    on_"+cpu+" do\n      url \""+url+"\"\n      sha256 \""+sum([]byte(block.platform.String()))+"\"\n    end")
	}
	assert.NotContains(t, formula, "windows")
	begun := len(regexp.MustCompile(`(?m)^\s*(class .*|def .*|.* do)$`).FindAllString(formula, -1))
	ended := len(regexp.MustCompile(`(?m)^\s*end$`).FindAllString(formula, -1))
	assert.Equal(t, begun, ended, "each block has its end")
}
