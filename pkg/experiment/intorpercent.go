package experiment

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
)

// IntOrPercent is a whole number or a whole percentage, as in Kubernetes; it may be negative, and a percentage more than
// 100.
type IntOrPercent struct {
	// Number is meant when Percent is nil.
	Number  int
	Percent *int
}

// IntOf is the plain number n.
func IntOf(n int) IntOrPercent { return IntOrPercent{Number: n} }

// PercentOf is n percent.
func PercentOf(n int) IntOrPercent { return IntOrPercent{Percent: &n} }

const intOrPercentPattern = `^[-+]?[0-9]+%?$`

var intOrPercent = regexp.MustCompile(intOrPercentPattern)

// UnmarshalText reads 2, -1, 50% or -50%.
func (n *IntOrPercent) UnmarshalText(text []byte) error {
	number, isPercent := strings.CutSuffix(string(text), "%")
	v, err := strconv.Atoi(number)
	switch {
	case !intOrPercent.Match(text):
		return fmt.Errorf("%q is neither a whole number nor a percentage: write something like 2, -1, 50%% or -50%%", text)
	case err != nil || v != int(int32(v)):
		return fmt.Errorf("%s is too large: at most %d", text, math.MaxInt32)
	case isPercent:
		*n = PercentOf(v)
	default:
		*n = IntOf(v)
	}
	return nil
}

// MarshalText writes it as it is read.
func (n IntOrPercent) MarshalText() ([]byte, error) { return []byte(n.String()), nil }

// Expected says what the loader expects.
func (IntOrPercent) Expected() string { return "a whole number or a percentage" }

// Form says which text it is, and that it may be a number.
func (IntOrPercent) Form() Form {
	return Form{Name: "number or percentage", Patterns: []string{intOrPercentPattern}, Numbers: &Range{}}
}

func (n IntOrPercent) String() string {
	if n.Percent != nil {
		return strconv.Itoa(*n.Percent) + "%"
	}
	return strconv.Itoa(n.Number)
}
