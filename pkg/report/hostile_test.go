package report

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/chaosctl/chaosctl/pkg/event"
)

const attack = "--></title></style></svg><script>alert(1)</script><img src=x onerror=alert(1)>\"'`|[x](javascript:alert(1))\n\x1b[31m\u202egnp.exe مرحبا 😀 ]]>{{.}}\x00\xff"

// fill sets every string within a value and gives every list n entries.
func fill(v reflect.Value, s string, n int) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(s)
	case reflect.Float64:
		v.SetFloat(0.25)
	case reflect.Int64, reflect.Uint64, reflect.Int:
		if v.CanInt() {
			v.SetInt(3)
		} else {
			v.SetUint(3)
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), s, n)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), n, n))
		for i := range n {
			fill(v.Index(i), s, n)
		}
	case reflect.Array:
		for i := range v.Len() {
			fill(v.Index(i), s, n)
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		for i := range n {
			v.SetMapIndex(reflect.ValueOf(fmt.Sprint(s, i)), reflect.ValueOf(uint64(i)))
		}
	case reflect.Struct:
		if _, is := v.Interface().(time.Time); is {
			v.Set(reflect.ValueOf(began))
			return
		}
		for i := range v.NumField() {
			fill(v.Field(i), s, n)
		}
	}
}

func hostile(s string, n int) *Model {
	m := &Model{}
	fill(reflect.ValueOf(m).Elem(), s, n)
	m.End = at(60)
	for i := range m.Marks {
		m.Marks[i].At = at(float64(i))
	}
	return m
}

func TestNamesFromTheClusterDoNothing(t *testing.T) {
	for _, s := range []string{attack, strings.Repeat(attack, 20_000), strings.Repeat("x", 3_000_000)} {
		m := hostile(s, 2)
		page := render(t, m)
		inert(t, page)
		if len(page) > longestPage {
			t.Errorf("the page has %d bytes", len(page))
		}
		if bytes.ContainsRune(page, '\u202e') || bytes.ContainsRune(page, 0x1b) {
			t.Error("the page holds controls")
		}

		var summary, terminal, cases bytes.Buffer
		if err := WriteMarkdown(&summary, m); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(summary.String(), "<") || strings.Contains(summary.String(), "](") && !strings.Contains(summary.String(), `\](`) {
			t.Error("the summary holds mark-up of the cluster's")
		}
		if err := WriteText(&terminal, &m.Result, Style{}); err != nil {
			t.Fatal(err)
		}
		if strings.ContainsAny(terminal.String(), "\x1b\x00\u202e") {
			t.Error("the terminal is sent controls of the cluster's")
		}
		if err := WriteJUnit(&cases, &m.Result); err != nil {
			t.Fatal(err)
		}
		if err := xml.Unmarshal(cases.Bytes(), &junitSuites{}); err != nil {
			t.Errorf("the JUnit file is not XML: %v", err)
		}
	}
}

func TestEveryFileStaysSmall(t *testing.T) {
	m := longRun()
	for i := range 40 {
		m.Streams = append(m.Streams, m.Streams[i%2])
		m.Series = append(m.Series, m.Series[i%2])
		for range 100 {
			m.Series[i].Outages = append(m.Series[i].Outages, OutageSpan{at(float64(i * 9)), at(float64(i*9 + 4))})
		}
	}
	for i := range 3000 {
		name := fmt.Sprintf("web-%04d-%s", i, strings.Repeat("a", 200))
		l := PodLane{Name: name, UID: name, Node: "node1"}
		for j := range 300 {
			l.Segments = append(l.Segments, PodSegment{[]string{"running", "ready", "starting"}[j%3], at(float64(j * 12)), at(float64(j*12 + 11))})
		}
		m.Pods = append(m.Pods, l)
		m.Marks = append(m.Marks, Mark{at(float64(i)), []string{"inject", "undo", "block", "x"}[i%4], name, ""})
		m.Notes = append(m.Notes, Note{at(1), "warning", name})
		m.Recoveries = append(m.Recoveries, m.Recoveries[0])
		m.Changes = append(m.Changes, ChangeResult{ID: name, Object: event.Object{Name: name}, Message: strings.Repeat("<&\"'", 400)})
		m.Expectations = append(m.Expectations, ExpectationResult{Name: name, Why: strings.Repeat("|<&", 200), Verdict: Unknown})
	}
	if page := render(t, m); len(page) > longestPage {
		t.Errorf("the page has %d bytes", len(page))
	} else {
		inert(t, page)
	}
	var summary bytes.Buffer
	if err := WriteMarkdown(&summary, m); err != nil {
		t.Fatal(err)
	}
	if summary.Len() > 64<<10 {
		t.Errorf("the summary has %d bytes", summary.Len())
	}
	if !strings.Contains(summary.String(), "### Undo") {
		t.Error("the summary of a large run does not reach the undo")
	}
}
