package experiment

import (
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"
)

// Auth is how a server lets one in: by a token or by a password. Neither stands in the experiment, which is part of its
// reports; they are read once, before the run.
type Auth struct {
	// BearerFrom says where the token is.
	BearerFrom *SecretSource `json:"bearerFrom,omitempty" choice:"auth"`
	// Basic is who asks, where a password is needed in place of a token.
	Basic *BasicAuth `json:"basic,omitempty" choice:"auth"`
}

// BasicAuth is a user, and where the password is.
type BasicAuth struct {
	// Username is the user's name.
	Username string `json:"username" form:"given"`
	// PasswordFrom says where the password is.
	PasswordFrom SecretSource `json:"passwordFrom"`
}

// SecretSource is where a secret is, which no file may hold.
type SecretSource struct {
	// Env names the variable of chaosctl's environment that holds it.
	Env string `json:"env,omitempty" form:"variable" choice:"source"`
	// Secret is a key of a Secret of the target's namespace that holds it.
	Secret *SecretKey `json:"secret,omitempty" choice:"source"`
}

// SecretKey is a key of a Secret.
type SecretKey struct {
	// Name is that of the Secret.
	Name string `json:"name" form:"dns-subdomain"`
	// Key is the one that holds the secret.
	Key string `json:"key" form:"config-key"`
}

// Source is where the token or the password is.
func (a *Auth) Source() SecretSource {
	switch {
	case a.BearerFrom != nil:
		return *a.BearerFrom
	case a.Basic != nil:
		return a.Basic.PasswordFrom
	}
	return SecretSource{}
}

func (a *Auth) validate(f *findings, path string) {
	switch {
	case a.BearerFrom == nil && a.Basic == nil:
		f.refuse(path, "", "it is not said how the server lets one in: expected bearerFrom or basic")
	case a.BearerFrom != nil && a.Basic != nil:
		f.refuse(child(path, "basic"), "", "bearerFrom and basic exclude each other: expected one")
	case a.BearerFrom != nil:
		a.BearerFrom.validate(f, child(path, "bearerFrom"))
	default:
		if a.Basic.Username == "" || strings.Contains(a.Basic.Username, ":") {
			f.refuse(child(child(path, "basic"), "username"), "", "%s is not the name of a user: expected one without a colon", quote(a.Basic.Username))
		}
		a.Basic.PasswordFrom.validate(f, child(child(path, "basic"), "passwordFrom"))
	}
}

// validate does not repeat what stands in place of a name: this may be the secret itself.
func (s SecretSource) validate(f *findings, path string) {
	form, _ := FormOf("variable")
	switch {
	case !f.sound(path):
	case s.Env == "" && s.Secret == nil:
		f.refuse(path, "", "it is not said where the secret is: expected env or secret")
	case s.Env != "" && s.Secret != nil:
		f.refuse(child(path, "secret"), "", "env and secret exclude each other: expected one")
	case s.Env != "" && !form.Accepts(s.Env):
		f.refuse(child(path, "env"), "", "this is not the name of a variable of the environment: expected letters, digits and _, such as API_TOKEN")
	case s.Secret != nil && len(validation.IsDNS1123Subdomain(s.Secret.Name)) > 0:
		f.refuse(child(child(path, "secret"), "name"), "", "this is not the name of a Secret: expected %s", dnsSubdomain)
	case s.Secret != nil && len(validation.IsConfigMapKey(s.Secret.Key)) > 0:
		f.refuse(child(child(path, "secret"), "key"), "", "this is not a key of a Secret: expected letters, digits, -, _ and ., such as token")
	}
}
