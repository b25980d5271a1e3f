package experiment

// The pieces of the scalars' patterns. Numbers are decimal: the loader takes exponents too, and ranges are its own to
// hold, such as the longest duration or the highest rate.
const (
	unitPattern    = `(ns|us|µs|μs|ms|s|m|h)`
	numberPattern  = `([0-9]+\.?[0-9]*|\.[0-9]+)`
	percentPattern = `[+]?(0*[0-9]{1,2}(\.[0-9]{0,6}0*)?|\.[0-9]{1,6}0*|0*100(\.0*)?)%`
)

// Form says which text is a duration. The number 0 needs no unit, and so no quotes.
func (Duration) Form() Form {
	return Form{Name: "duration", Patterns: []string{`^[+]?(0|(` + numberPattern + unitPattern + `)+)$`}, Numbers: between(0, 0)}
}

// Form says which text is a percentage.
func (Percent) Form() Form {
	return Form{Name: "percentage", Patterns: []string{`^` + percentPattern + `$`}}
}

// Form says which text is a count, and that it may be a number.
func (Count) Form() Form {
	return Form{Name: "count", Patterns: []string{`^(all|[+]?0*[1-9][0-9]*|` + percentPattern + `)$`}, Numbers: atLeast(1)}
}

// Form says which text is a rate. The unit may go without its number, which is 1 then.
func (Rate) Form() Form {
	form := Level{}.Form()
	form.Name = "rate"
	form.Patterns = append(form.Patterns, `^[^/]*[1-9]`)
	return form
}

// Form says which text is a rate, or none.
func (Level) Form() Form {
	return Form{Name: "rate or none", Patterns: []string{
		`^[+]?` + numberPattern + `/[0-9]*(\.[0-9]*)?` + unitPattern + `(` + numberPattern + unitPattern + `)*$`,
		`/([^0-9]|.*[1-9])`,
	}}
}
