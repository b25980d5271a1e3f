package experiment_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/chaosctl/chaosctl/pkg/experiment"
)

func TestStatuses(t *testing.T) {
	for text, c := range map[string]struct {
		written  string
		has, not []int
	}{
		"200":            {"200", []int{200}, []int{199, 201}},
		"2xx":            {"2xx", []int{200, 299}, []int{199, 300}},
		"200-204":        {"200-204", []int{200, 202, 204}, []int{199, 205}},
		" 200 , 4xx ":    {"200,4xx", []int{200, 400, 499}, []int{201, 399}},
		"300-399":        {"3xx", []int{300}, []int{400}},
		"100-599":        {"100-599", []int{100, 599}, nil},
		"404,404,200":    {"404,404,200", []int{404}, []int{403}},
		"201-201,503":    {"201,503", []int{201, 503}, []int{202}},
		"500-599,100":    {"5xx,100", []int{100, 500}, []int{101}},
		"200,201-299":    {"200,201-299", []int{200, 250}, []int{300}},
		"100-199, 2xx":   {"1xx,2xx", []int{150}, []int{300}},
		"599-599,  1xx ": {"599,1xx", []int{599}, []int{598}},
	} {
		t.Run(text, func(t *testing.T) {
			var s experiment.Statuses
			require.NoError(t, s.UnmarshalText([]byte(text)))
			assert.Equal(t, c.written, s.String())
			for _, status := range c.has {
				assert.True(t, s.Has(status), status)
			}
			for _, status := range c.not {
				assert.False(t, s.Has(status), status)
			}
		})
	}
}

// TestFormOfStatuses holds the pattern to what is read. That a range goes upwards is beyond a pattern.
func TestFormOfStatuses(t *testing.T) {
	piece := rapid.SampledFrom([]string{"1", "2", "200", "99", "404", "599", "600", "xx", "5xx", "-", ",", " ", "x", "+", ""})
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOfN(piece, 1, 8).Draw(t, "pieces"), "")
		var s experiment.Statuses
		err := s.UnmarshalText([]byte(text))
		accepted := s.Form().Accepts(text)
		if err == nil {
			require.True(t, accepted, "%q", text)
			again, marshalled := s.MarshalText()
			require.NoError(t, marshalled)
			var read experiment.Statuses
			require.NoError(t, read.UnmarshalText(again))
			require.Equal(t, s, read, "%q", text)
		} else if accepted {
			require.Contains(t, text, "-", "%q: %v", text, err)
		}
	})
}
