package advice

import (
	"errors"
	"fmt"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestHintIsFoundHoweverDeep(t *testing.T) {
	err := New("stop the other", "the port is taken: %w", os.ErrExist)
	wrapped := fmt.Errorf("start: %w", errors.Join(errors.New("first"), err))
	assert.Equal(t, "stop the other", Hint(wrapped))
	assert.ErrorIs(t, wrapped, os.ErrExist)
	assert.Equal(t, "the port is taken: file already exists", err.Error())
	assert.Empty(t, Hint(os.ErrExist))
	assert.Empty(t, Hint(nil))
	assert.Equal(t, "inner", Hint(New("", "outer: %w", New("inner", "x"))))
}
