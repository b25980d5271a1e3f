package notify

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// The headers of a message, as Standard Webhooks has them (github.com/standard-webhooks/standard-webhooks, 1.0.0): libraries for
// most languages check them.
const (
	headerID        = "webhook-id"
	headerTimestamp = "webhook-timestamp"
	headerSignature = "webhook-signature"
)

// keyPrefix is what a key begins with that is written in base64.
const keyPrefix = "whsec_"

// shortestKey is in bytes. The standard wants 24 at the least.
const shortestKey = 24

// signer signs bodies. Its zero value does not.
type signer struct{ key []byte }

// newSigner reads a key: base64 after whsec_, or as it is.
func newSigner(text string) (signer, error) {
	text = strings.TrimSpace(text)
	key := []byte(text)
	if encoded, ok := strings.CutPrefix(text, keyPrefix); ok {
		var err error
		if key, err = base64.StdEncoding.DecodeString(encoded); err != nil {
			return signer{}, errors.New("the key of signatures begins with " + keyPrefix + ", and is not base64 after that")
		}
	}
	if len(key) < shortestKey {
		return signer{}, errors.New("the key of signatures is shorter than " + strconv.Itoa(shortestKey) + " bytes")
	}
	return signer{key}, nil
}

// sign sets the headers of a message that is sent at an instant. The signature is HMAC-SHA256 over its identifier, the instant and
// the body, with dots between.
func (s signer) sign(h http.Header, id string, at time.Time, body []byte) {
	stamp := strconv.FormatInt(at.Unix(), 10)
	h.Set(headerID, id)
	h.Set(headerTimestamp, stamp)
	if s.key == nil {
		return
	}
	sum := hmac.New(sha256.New, s.key)
	sum.Write([]byte(id + "." + stamp + "."))
	sum.Write(body)
	h.Set(headerSignature, "v1,"+base64.StdEncoding.EncodeToString(sum.Sum(nil)))
}
