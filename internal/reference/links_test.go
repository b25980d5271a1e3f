package reference_test

import (
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestLinks follows every link of the documentation that stays within the repository.
func TestLinks(t *testing.T) {
	pages := markdownIn(t, "../..")
	for _, want := range []string{"README.md", "CONTRIBUTING.md", "docs/design.md", "docs/reference/faults/podKill.md", "lab/README.md"} {
		require.Contains(t, pages, filepath.Join("../..", want), "it is not looked at")
	}
	for _, page := range pages {
		assert.Empty(t, brokenLinks(t, "../..", page))
	}
}

// TestPagesOfTheSite: each page has its place in the site, which is not built by every change.
func TestPagesOfTheSite(t *testing.T) {
	config, err := os.ReadFile("../../docs/.vitepress/config.mjs")
	require.NoError(t, err)
	for _, folder := range []string{".", "reference"} {
		pages, err := filepath.Glob(filepath.Join("../../docs", folder, "*.md"))
		require.NoError(t, err)
		require.NotEmpty(t, pages)
		for _, page := range pages {
			name := filepath.ToSlash(filepath.Join(folder, strings.TrimSuffix(filepath.Base(page), ".md")))
			assert.Contains(t, string(config), "'"+name+"'", "docs/%s.md is in none of its groups", name)
		}
	}
}

// TestLinksThatAreBroken plants links that lead nowhere between sound ones.
func TestLinksThatAreBroken(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		return path
	}
	write("docs/other.md", "# What `it` can't do: a-b\n\n## Twice\n\n## Twice\n\n```sh\n# no heading\n```\n")
	page := write("page.md", `# A page

[a file](docs/other.md), ![a picture](docs/none.png), [a folder](docs), [gone](docs/gone.md "with a title"), [out](../out.md), [the web](https://example.com/gone.md)
[here](#a-page), [nowhere](#b-page), [there](docs/other.md#what-it-cant-do-a-b), [second](docs/other.md#twice-1), [third](docs/other.md#twice-2)
[code](docs/other.md#no-heading), [from the top](/docs/other.md), `+"`[no](link.md)`"+`

[by name]: docs/missing.md

`+"```\n[no](link.md)\n```\n")
	assert.Equal(t, []string{
		page + ":3: docs/none.png is not there",
		page + ":3: docs/gone.md is not there",
		page + ":3: ../out.md is outside of the repository",
		page + ":4: #b-page: there is no such heading",
		page + ":4: docs/other.md#twice-2: there is no such heading",
		page + ":5: docs/other.md#no-heading: there is no such heading",
		page + ":5: /docs/other.md begins with a slash: GitHub alone takes that for the root of the repository",
		page + ":7: docs/missing.md is not there",
	}, brokenLinks(t, dir, page))
}

// markdownIn are the files of the documentation.
func markdownIn(t *testing.T, root string) (pages []string) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		switch name := entry.Name(); {
		case err != nil:
			return err
		case entry.IsDir() && path != root && (strings.HasPrefix(name, ".") || name == "bin" || name == "node_modules" || name == "chaosctl-runs"):
			return fs.SkipDir
		case !entry.IsDir() && filepath.Ext(name) == ".md":
			pages = append(pages, path)
		}
		return nil
	}))
	return pages
}

var (
	inlineLink = regexp.MustCompile(`\]\(\s*<?([^)\s>]+)>?[^)]*\)`)
	namedLink  = regexp.MustCompile(`^\s{0,3}\[[^\]]+\]:\s*<?(\S+?)>?(?:\s|$)`)
	code       = regexp.MustCompile("`[^`]*`")
	heading    = regexp.MustCompile(`^#{1,6}\s+(.*?)\s*#*$`)
)

// brokenLinks are the links of a page that lead to no file of the repository, or to no heading in it.
func brokenLinks(t *testing.T, root, page string) (broken []string) {
	t.Helper()
	for i, line := range prose(t, page) {
		line = code.ReplaceAllString(line, "")
		for _, link := range slices.Concat(inlineLink.FindAllStringSubmatch(line, -1), namedLink.FindAllStringSubmatch(line, -1)) {
			if why := follow(t, root, page, link[1]); why != "" {
				broken = append(broken, fmt.Sprintf("%s:%d: %s%s", page, i+1, link[1], why))
			}
		}
	}
	return broken
}

// follow says why a link leads nowhere; nothing where it does not, or leads out into the web.
func follow(t *testing.T, root, page, link string) string {
	t.Helper()
	to, err := url.Parse(link)
	switch {
	case err != nil:
		return " is no address"
	case to.Scheme != "":
		return ""
	case strings.HasPrefix(to.Path, "/"):
		return " begins with a slash: GitHub alone takes that for the root of the repository"
	}
	target := page
	if to.Path != "" {
		target = filepath.Join(filepath.Dir(page), to.Path)
	}
	if inside, err := filepath.Rel(root, target); err != nil || !filepath.IsLocal(inside) {
		return " is outside of the repository"
	}
	if _, err := os.Stat(target); err != nil {
		return " is not there"
	}
	if to.Fragment != "" && !slices.Contains(anchors(t, target), to.Fragment) {
		return ": there is no such heading"
	}
	return ""
}

// anchors are the names that GitHub gives to the headings of a page.
func anchors(t *testing.T, page string) (all []string) {
	t.Helper()
	seen := map[string]int{}
	for _, line := range prose(t, page) {
		title := heading.FindStringSubmatch(line)
		if title == nil {
			continue
		}
		name := strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case unicode.IsLetter(r) || unicode.IsDigit(r) || r == '-' || r == '_':
				return unicode.ToLower(r)
			}
			return -1
		}, title[1])
		seen[name]++
		if n := seen[name] - 1; n > 0 {
			name = fmt.Sprintf("%s-%d", name, n)
		}
		all = append(all, name)
	}
	return all
}

// prose is the lines of a page; those of code are empty.
func prose(t *testing.T, page string) []string {
	t.Helper()
	text, err := os.ReadFile(page)
	require.NoError(t, err)
	lines := strings.Split(string(text), "\n")
	fenced := false
	for i, line := range lines {
		fence := strings.HasPrefix(strings.TrimSpace(line), "```")
		if fenced || fence {
			lines[i] = ""
		}
		fenced = fenced != fence
	}
	return lines
}
