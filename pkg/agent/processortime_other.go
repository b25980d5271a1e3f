//go:build !unix

package agent

import (
	"errors"
	"time"
)

func processorTime() (time.Duration, error) {
	return 0, errors.New("an agent runs in pods, which are on Unix")
}
