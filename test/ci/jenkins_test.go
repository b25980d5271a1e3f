package ci

import (
	"fmt"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// block is a part of a Jenkinsfile: what stands before its brace, the lines in it, and the blocks in it.
type block struct {
	name   string
	lines  []string
	blocks []*block
}

// in finds a block by the names on the way to it.
func (b *block) in(t *testing.T, names ...string) *block {
	t.Helper()
	for _, name := range names {
		var next *block
		for _, inner := range b.blocks {
			if inner.name == name {
				next = inner
			}
		}
		require.NotNil(t, next, "there is no %s in %s", name, b.name)
		b = next
	}
	return b
}

// jenkinsfile reads one as it is written here: a brace opens at the end of a line and closes on a line of its own, but for blocks of
// one line.
func jenkinsfile(text string) (*block, error) {
	file := &block{name: "the file"}
	open := []*block{file}
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		last := open[len(open)-1]
		switch {
		case line == "" || strings.HasPrefix(line, "//"):
		case strings.HasSuffix(line, "{"):
			inner := &block{name: strings.TrimSpace(strings.TrimSuffix(line, "{"))}
			last.blocks = append(last.blocks, inner)
			open = append(open, inner)
		case line == "}" && len(open) > 1:
			open = open[:len(open)-1]
		case strings.Count(line, "{") != strings.Count(line, "}"):
			return nil, fmt.Errorf("line %d: a brace without its other", i+1)
		default:
			last.lines = append(last.lines, line)
		}
	}
	if len(open) > 1 {
		return nil, fmt.Errorf("%s has no end", open[len(open)-1].name)
	}
	return file, nil
}

var (
	shellStep   = regexp.MustCompile(`^sh '([^']*)'$`)
	assignment  = regexp.MustCompile(`^(\w+) = "([^"]*)"$`)
	junitStep   = regexp.MustCompile(`^junit testResults: '([^']+)', allowEmptyResults: true$`)
	archiveStep = regexp.MustCompile(`^archiveArtifacts artifacts: '([^']+)', allowEmptyArchive: true$`)
)

// TestJenkins looks at the file as far as it can be without Jenkins: there is no reader of its language outside of it.
func TestJenkins(t *testing.T) {
	file, err := jenkinsfile(text(t, examples+"/jenkins/Jenkinsfile"))
	require.NoError(t, err)
	whole := file.in(t, "pipeline")
	stages := whole.in(t, "stages")
	require.Len(t, stages.blocks, 2)
	run := stages.in(t, "stage('Resilience')")
	ends := run.in(t, "post")
	after := ends.in(t, "always")
	// Jenkins does what is under cleanup after all other conditions, whatever became of them.
	keep := ends.in(t, "cleanup")
	assert.Contains(t, whole.in(t, "options").lines, "disableConcurrentBuilds()")

	for _, story := range []string{passes, fails, cancelled, killed} {
		t.Run("a run that "+story, func(t *testing.T) {
			t.Parallel()
			m := newMachine(t, story)
			for _, line := range whole.in(t, "environment").lines {
				if set := assignment.FindStringSubmatch(line); set != nil {
					m.env[set[1]] = strings.ReplaceAll(set[2], "${WORKSPACE}", m.workspace)
				}
			}
			// It takes its programs by their path.
			m.path = m.path[:1:1]
			m.path = append(m.path, "/usr/bin", "/bin")
			perform := func(b *block) (e end) {
				e.ok = true
				for _, line := range b.lines {
					sh := shellStep.FindStringSubmatch(line)
					require.NotNil(t, sh, line)
					if e = m.shell(sh[1], nil, group(syscall.SIGTERM), "-xe"); !e.ok {
						break
					}
				}
				return e
			}
			require.True(t, perform(stages.in(t, "stage('Install chaosctl')", "steps")).ok)
			e := perform(run.in(t, "steps"))
			assert.Equal(t, story == passes, e.ok, e.said)
			assert.Equal(t, story == cancelled, e.cancelled)
			e = perform(after)
			require.True(t, e.ok, e.said)
			judge(t, m.calls(), story)
			require.Len(t, keep.lines, 2)
			for i, step := range []*regexp.Regexp{junitStep, archiveStep} {
				pattern := step.FindStringSubmatch(keep.lines[i])
				require.NotNil(t, pattern, keep.lines[i])
				kept(t, m, strings.ReplaceAll(pattern[1], "**", "*"))
			}
		})
	}
}

func TestJenkinsfilesThatAreBroken(t *testing.T) {
	for broken, why := range map[string]string{"pipeline {\n": "pipeline has no end", "a { b\n}": "line 1: a brace", "}\n": "line 1: a brace"} {
		_, err := jenkinsfile(broken)
		require.ErrorContains(t, err, why)
	}
}
