package frontend

import (
	"context"
	"errors"
	"sync"
	"time"
)

// source is where the page gets its products from.
type source interface {
	products(ctx context.Context) (listing, error)
}

// memory remembers the last answer of a source and falls back on it, for a
// bounded time, when the source cannot be reached. An answer that says no is
// passed on as it is: to hide that would be to hide a mistake.
type memory struct {
	source source
	maxAge time.Duration // 0 turns the fallback off
	now    func() time.Time

	mu   sync.Mutex
	last listing
	at   time.Time
}

// products returns an answer and its age, which is 0 for a fresh one.
func (m *memory) products(ctx context.Context) (listing, time.Duration, error) {
	answer, err := m.source.products(ctx)
	m.mu.Lock()
	defer m.mu.Unlock()
	if err == nil {
		m.last, m.at = answer, m.now()
		return answer, 0, nil
	}
	age := m.now().Sub(m.at)
	if errors.Is(err, errUnreachable) && !m.at.IsZero() && age < m.maxAge {
		return m.last, age, nil
	}
	return listing{}, 0, err
}
