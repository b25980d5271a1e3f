package load

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
)

// Authorization is how a server lets a stream in. Its zero value sends nothing. It keeps what it is to itself: no way of
// printing it shows more than that it is there.
//
// It holds a function, of which nothing but an address is ever printed: printing a struct with an Authorization in a field that is
// not exported asks none of its methods.
type Authorization struct{ reveal func() credentials }

// credentials are what is sent, and all the forms in which somebody could send them back.
type credentials struct {
	header  string
	secrets []string
}

// Bearer is a token.
func Bearer(token string) (Authorization, error) {
	token = strings.TrimSpace(token)
	if err := sendable(token); err != nil {
		return Authorization{}, err
	}
	return authorizationOf(credentials{header: "Bearer " + token, secrets: []string{token}}), nil
}

// Basic is a user with a password.
func Basic(username, password string) (Authorization, error) {
	if password == "" {
		return Authorization{}, errors.New("the password is empty")
	}
	encoded := base64.StdEncoding.EncodeToString([]byte(username + ":" + password))
	return authorizationOf(credentials{header: "Basic " + encoded, secrets: []string{encoded, password, strings.TrimSpace(password)}}), nil
}

func authorizationOf(c credentials) Authorization {
	return Authorization{func() credentials { return c }}
}

// sendable says why a token cannot be sent, without repeating it.
func sendable(token string) error {
	if token == "" {
		return errors.New("the token is blank")
	}
	for _, c := range []byte(token) {
		if c < ' ' || c == 0x7f {
			return errors.New("the token holds an end of line, or another character that no header may have")
		}
	}
	return nil
}

const hidden = "[secret]"

// hush takes the secrets out of a text: who is sent one may send it back.
func (a Authorization) hush(text string) string {
	if a.reveal == nil {
		return text
	}
	for _, secret := range a.reveal().secrets {
		if secret != "" {
			text = strings.ReplaceAll(text, secret, hidden)
		}
	}
	return text
}

// told is a text about a failure. What a server sent that nobody understands may be any part of what it was sent.
func (a Authorization) told(cause Cause, text string) string {
	if a.reveal != nil && cause == Other {
		return "the answer is not understood, and not repeated, since it may hold a part of what the server was sent"
	}
	return a.hush(text)
}

// Format prints that it is there, whatever the verb.
func (a Authorization) Format(f fmt.State, _ rune) {
	if a.reveal != nil {
		fmt.Fprint(f, hidden)
	}
}

// MarshalText writes that it is there.
func (a Authorization) MarshalText() ([]byte, error) {
	if a.reveal == nil {
		return nil, nil
	}
	return []byte(hidden), nil
}
