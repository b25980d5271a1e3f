// Package mutation breaks values of a configuration: the text of one key, or one value inside of it where the text is
// JSON, YAML, properties or an env file. The same value, draw and parameters give the same broken value.
//
// A value may be a secret. Neither an error nor a result tells anything of it but in the fields that say so.
package mutation
