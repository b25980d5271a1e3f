package probe

import "github.com/chaosctl/chaosctl/pkg/command"

// secretOf reads a variable that the environment of chaosctl must have.
func secretOf(name string) (string, error) {
	value, err := command.Secret(name)
	if err != nil {
		return "", unknown("%w", err)
	}
	return value, nil
}
