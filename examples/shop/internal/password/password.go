// Package password holds the password that frontend and catalogue share.
//
// Both read it from a mounted Secret, and a kubelet may show a new Secret to
// one pod a minute or two before the other. For that long both sides honour
// the previous password too, so that a rotation loses no request.
package password

import (
	"crypto/subtle"
	"errors"
	"strings"
	"sync"
	"time"
)

// Overlap is how long the previous password stays good after a rotation. It
// covers the time that kubelets take to refresh mounted Secrets.
const Overlap = 3 * time.Minute

const minLength = 8

// Parse checks the content of a password file: one line of at least eight
// printable ASCII characters without spaces, with or without an end of line.
func Parse(content []byte) (string, error) {
	text := strings.TrimSuffix(strings.TrimSuffix(string(content), "\n"), "\r")
	if len(text) < minLength {
		return "", errors.New("the password is shorter than 8 characters")
	}
	for _, r := range text {
		if r <= ' ' || r > '~' {
			return "", errors.New("the password holds a character that is not printable ASCII, or a space")
		}
	}
	return text, nil
}

// Ring is the current password and, for a while, the previous one. It is safe
// for concurrent use; its zero value accepts nothing.
type Ring struct {
	mu                sync.Mutex
	current, previous string
	rotated           time.Time
}

// Rotate makes a password the current one.
func (r *Ring) Rotate(to string, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if to == r.current {
		return
	}
	r.current, r.previous, r.rotated = to, r.current, now
}

// Good lists the passwords that are good now, the current one first.
func (r *Ring) Good(now time.Time) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var good []string
	if r.current != "" {
		good = append(good, r.current)
	}
	if r.previous != "" && now.Sub(r.rotated) < Overlap {
		good = append(good, r.previous)
	}
	return good
}

// Accepts reports whether a password is good now.
func (r *Ring) Accepts(password string, now time.Time) bool {
	accepted := false
	for _, good := range r.Good(now) {
		if subtle.ConstantTimeCompare([]byte(good), []byte(password)) == 1 {
			accepted = true
		}
	}
	return accepted
}
