// Package lastgood keeps the last good version of something read from files.
//
// A mounted ConfigMap or Secret changes under a running process. What is new
// and valid replaces the old; what is new and broken is reported and otherwise
// ignored, so that a bad change cannot take down what already works.
package lastgood

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"sync"
	"time"
)

// Files is the content of some files by name.
type Files map[string][]byte

// Source says where a value comes from and who is told about it.
type Source[T any] struct {
	// Read returns the present content. An error counts as broken content.
	Read func() (Files, error)
	// Parse must reject whatever is not entirely right.
	Parse func(Files) (T, error)
	// Accepted and Rejected are called once per change of content, never
	// concurrently. The hash is short and only good for telling versions apart.
	Accepted func(value T, hash string)
	Rejected func(err error, hash string)
}

// Value is the last good version. It is safe for concurrent use.
type Value[T any] struct {
	source Source[T]

	checking sync.Mutex // one Check at a time
	seen     string     // hash of the content looked at last

	mu     sync.Mutex
	good   T
	have   bool
	broken error
}

// New returns a value that has not been read yet.
func New[T any](source Source[T]) *Value[T] { return &Value[T]{source: source} }

// Get returns the last good version, and whether there has been one.
func (v *Value[T]) Get() (T, bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.good, v.have
}

// Broken says why the present content is not the one in use; nil if it is.
func (v *Value[T]) Broken() error {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.broken
}

// Check reads the content once and takes it over if it is new and valid.
func (v *Value[T]) Check() {
	v.checking.Lock()
	defer v.checking.Unlock()

	files, err := v.source.Read()
	hash := fingerprint(files, err)
	if hash == v.seen {
		return
	}
	v.seen = hash

	var value T
	if err == nil {
		value, err = v.source.Parse(files)
	}
	v.mu.Lock()
	v.broken = err
	if err == nil {
		v.good, v.have = value, true
	}
	v.mu.Unlock()

	if err != nil {
		v.source.Rejected(err, hash)
	} else {
		v.source.Accepted(value, hash)
	}
}

// Watch checks again and again until the context ends. It compares content
// rather than waiting for file events: a kubelet replaces a symbolic link, and
// a poll a second is cheaper than getting the watching of that right.
func (v *Value[T]) Watch(ctx context.Context, every time.Duration) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			v.Check()
		}
	}
}

// fingerprint identifies a content, or the failure to read it.
func fingerprint(files Files, err error) string {
	sum := sha256.New()
	if err != nil {
		sum.Write([]byte("error\x00" + err.Error()))
	}
	for _, name := range files.names() {
		content := sha256.Sum256(files[name])
		sum.Write([]byte(name + "\x00"))
		sum.Write(content[:])
	}
	return hex.EncodeToString(sum.Sum(nil))[:12]
}
