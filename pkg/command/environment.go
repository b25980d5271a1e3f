package command

import (
	"fmt"
	"os"

	"github.com/chaosctl/chaosctl/pkg/experiment"
)

// Variable is one variable of the environment of a command.
type Variable struct {
	// Name is the variable's.
	Name string `json:"name" form:"variable"`
	// Value is text that is part of the experiment, and so of its reports. Without it, the value is the one that the
	// variable has in the environment of chaosctl, and is taken for a secret.
	Value *string `json:"value,omitempty"`
}

// CheckVariable refuses what cannot be the name of a variable of the environment. It does not repeat it: this may be the
// secret itself.
func CheckVariable(c *experiment.Check, field, name string) {
	if form, _ := experiment.FormOf("variable"); !form.Accepts(name) {
		c.Fail(field, "this is not the name of a variable of the environment: expected letters, digits and _, such as API_TOKEN")
	}
}

// CheckEnvironment refuses variables that cannot be, or are there twice.
func CheckEnvironment(c *experiment.Check, field string, variables []Variable) {
	given := map[string]bool{}
	for i, v := range variables {
		where := fmt.Sprintf("%s[%d].name", field, i)
		CheckVariable(c, where, v.Name)
		if given[v.Name] {
			c.Fail(where, "the variable %s is there twice: expected names that differ", v.Name)
		}
		given[v.Name] = true
	}
}

// Secret reads a variable that the environment of chaosctl must have.
func Secret(name string) (string, error) {
	value, ok := os.LookupEnv(name)
	if !ok || value == "" {
		return "", fmt.Errorf("the environment of chaosctl has no variable %s", name)
	}
	return value, nil
}

// plain are the variables that every command gets: those that programs do not do without, and none that holds a secret.
func plain() []string {
	return []string{"PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "TZ", "TMPDIR", "KUBECONFIG", "SSL_CERT_FILE", "SSL_CERT_DIR"}
}

// Environment is that of a program with these variables, and the names of those of them that may hold a secret.
func Environment(variables []Variable) (environment, secret []string, err error) {
	for _, name := range plain() {
		if value, ok := os.LookupEnv(name); ok {
			environment = append(environment, name+"="+value)
		}
	}
	for _, v := range variables {
		if v.Value != nil {
			environment = append(environment, v.Name+"="+*v.Value)
			continue
		}
		value, err := Secret(v.Name)
		if err != nil {
			return nil, nil, err
		}
		environment, secret = append(environment, v.Name+"="+value), append(secret, v.Name)
	}
	return environment, secret, nil
}
