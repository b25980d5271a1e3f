package configdiff

import (
	"bytes"
	"regexp"
	"sync"
)

// telling says that a text names a credential, or holds one that can be known by its form. It cannot know all: what must not be
// seen belongs into a Secret.
func telling(text string) bool { return credentials().MatchString(text) }

// credentials are the usual names of what lets somebody in, and a password in a URL.
var credentials = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)pass(w|ph)|passwd|pwd|secret|token|credential|bearer|api[-_. ]?key|access[-_. ]?key|private[-_. ]?key|://[^/\s:@]*:[^/\s@]+@`)
})

// isPrivateKey knows a key by the line before it; those that follow could be told from nothing.
func isPrivateKey(value []byte) bool { return bytes.Contains(value, []byte("PRIVATE KEY-----")) }
