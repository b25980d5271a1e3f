package experiment_test

import (
	"encoding"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/util/validation"
	"pgregory.net/rapid"

	"github.com/chaosctl/chaosctl/pkg/experiment"
)

var beyondPatterns = regexp.MustCompile(`[0-9]{6}|[.][0-9]*[nuµm]s|/[^s]*[nuµm]s`)

// TestFormsOfScalars holds the patterns of the types that read themselves to what they read, for any text that is made
// of their own pieces. Exponents, hexadecimal numbers and a sign before nothing are left out: the types read them, but
// they are no way to write a configuration, and the forms do not take them.
func TestFormsOfScalars(t *testing.T) {
	piece := rapid.SampledFrom([]string{"0", "1", "5", "99", "100", "101", "00", ".", ".5", ".000001", ".0000001", "s", "m", "ms", "h", "ns", "us", "µs", "%", "/", " ", "x", "all", ""})
	sign := rapid.SampledFrom([]string{"", "", "", "+", "-"})
	for name, build := range map[string]func() encoding.TextUnmarshaler{
		"duration":   func() encoding.TextUnmarshaler { return new(experiment.Duration) },
		"percentage": func() encoding.TextUnmarshaler { return new(experiment.Percent) },
		"count":      func() encoding.TextUnmarshaler { return new(experiment.Count) },
		"rate":       func() encoding.TextUnmarshaler { return new(experiment.Rate) },

		"rate or none": func() encoding.TextUnmarshaler { return new(experiment.Level) },

		"number or percentage": func() encoding.TextUnmarshaler { return new(experiment.IntOrPercent) },
	} {
		t.Run(name, func(t *testing.T) {
			form := build().(experiment.Former).Form()
			assert.Equal(t, name, form.Name)
			rapid.Check(t, func(t *rapid.T) {
				text := sign.Draw(t, "sign") + strings.Join(rapid.SliceOfN(piece, 1, 6).Draw(t, "pieces"), "")
				err := build().UnmarshalText([]byte(text))
				if err != nil && beyondPatterns.MatchString(text) && name != "percentage" {
					t.Skip("ranges are not for patterns: the longest duration, the shortest, the highest rate")
				}
				require.Equal(t, err == nil, form.Accepts(text), "%q: %v", text, err)
			})
		})
	}
}

// TestFormsOfNames holds the patterns that tags name to those who decide.
func TestFormsOfNames(t *testing.T) {
	for name, valid := range map[string]func(string) bool{
		"dns-label":     func(s string) bool { return len(validation.IsDNS1123Label(s)) == 0 },
		"label-value":   func(s string) bool { return len(validation.IsValidLabelValue(s)) == 0 },
		"label-name":    func(s string) bool { return s != "" && len(validation.IsValidLabelValue(s)) == 0 },
		"dns-subdomain": func(s string) bool { return len(validation.IsDNS1123Subdomain(s)) == 0 },
		"config-key":    func(s string) bool { return len(validation.IsConfigMapKey(s)) == 0 },
		"header":        func(s string) bool { return len(validation.IsHTTPHeaderName(s)) == 0 },
		"port": func(s string) bool {
			if number, err := strconv.Atoi(s); err == nil {
				return len(validation.IsValidPortNum(number)) == 0
			}
			return len(validation.IsValidPortName(s)) == 0
		},
		"path": func(s string) bool {
			_, err := url.ParseRequestURI(s)
			return err == nil && strings.HasPrefix(s, "/")
		},
		"workload": func(s string) bool {
			kind, name, _ := strings.Cut(s, "/")
			return kind == "deployment" && len(validation.IsDNS1123Subdomain(name)) == 0
		},
	} {
		t.Run(name, func(t *testing.T) {
			form, ok := experiment.FormOf(name)
			require.True(t, ok)
			text := rapid.StringMatching(`(deployment|/)?/?[-aZ0-9]{0,3}[-._/%?aZ0]{0,3}[-a-z0-9]{0,5}|[0-9]{1,6}|[a-z]{14,16}|[a-z]{62,65}`)
			rapid.Check(t, func(t *rapid.T) {
				s := text.Draw(t, "text")
				require.Equal(t, valid(s), form.Accepts(s), "%q", s)
			})
		})
	}
}
