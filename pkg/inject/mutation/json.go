package mutation

import (
	"bytes"
	"encoding/json"
)

// readJSON reads an object or a list.
func readJSON(source []byte) ([]leaf, bool) {
	if trimmed := bytes.TrimSpace(source); len(trimmed) == 0 || trimmed[0] != '{' && trimmed[0] != '[' || !json.Valid(source) {
		return nil, false
	}
	r := jsonReader{source: source, tokens: json.NewDecoder(bytes.NewReader(source))}
	r.tokens.UseNumber()
	r.value("")
	return r.leaves, true
}

// jsonReader reads what is known to be valid.
type jsonReader struct {
	source []byte
	tokens *json.Decoder
	leaves []leaf
}

// next reads a token, and says where it is.
func (r *jsonReader) next() (token json.Token, start, end int) {
	start = int(r.tokens.InputOffset())
	token, _ = r.tokens.Token()
	end = int(r.tokens.InputOffset())
	for start < end && bytes.IndexByte([]byte(" \t\r\n,:"), r.source[start]) >= 0 {
		start++
	}
	return token, start, end
}

func (r *jsonReader) value(path string) {
	token, start, end := r.next()
	l := leaf{path: path, start: start, end: end, kind: other}
	switch v := token.(type) {
	case json.Delim:
		r.children(path, v == '{')
		return
	case string:
		l.kind, l.value, l.quote = text, v, '"'
	case json.Number:
		l.kind, l.value = number, v.String()
	case bool:
		l.kind, l.value = boolean, string(r.source[start:end])
	}
	r.leaves = append(r.leaves, l)
}

func (r *jsonReader) children(path string, named bool) {
	for i := 0; r.tokens.More(); i++ {
		if !named {
			r.value(element(path, i))
			continue
		}
		key, _, _ := r.next()
		name, _ := key.(string)
		r.value(child(path, name))
	}
	r.next() // the closing bracket
}

func writeJSON(l leaf) string {
	if l.kind != text {
		return l.value
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(l.value); err != nil {
		return ""
	}
	return string(bytes.TrimSpace(b.Bytes()))
}
