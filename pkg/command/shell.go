package command

import (
	"regexp"
	"strconv"
	"strings"
	"unicode"
)

// Shell writes a program and its arguments as people type them into a shell. What cannot be printed is escaped, so that what
// comes from elsewhere does not deceive whoever reads it in a terminal.
func Shell(argv []string) string {
	words := make([]string, len(argv))
	for i, word := range argv {
		words[i] = quoted(word)
		if i == 0 && strings.Contains(words[i], "=") && words[i] == word { // not a variable
			words[i] = "'" + word + "'"
		}
	}
	return strings.Join(words, " ")
}

// bare are words that mean themselves to a shell.
var bare = regexp.MustCompile(`^[-_A-Za-z0-9@%+:,./=]+$`)

func quoted(word string) string {
	switch {
	case bare.MatchString(word):
		return word
	case strings.ContainsFunc(word, func(r rune) bool { return !unicode.IsPrint(r) }):
		escaped := strconv.QuoteToGraphic(word)
		return "$'" + strings.ReplaceAll(strings.ReplaceAll(escaped[1:len(escaped)-1], `\"`, `"`), "'", `\'`) + "'"
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
