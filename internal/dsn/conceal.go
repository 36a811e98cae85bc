// This file decides whether a driver's refusal of a DSN may be shown.

package dsn

import (
	"errors"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/fluxor-db/fluxor/backend"
)

// Conceal returns a driver's error about text, which it read in the grammar
// form, as it is where that can show no secret. Otherwise it returns an error
// that says so in its place; errors.As finds a *url.Error in it where the
// driver's had one, without the URL.
func Conceal(err error, form backend.Form, text string) error {
	if err == nil || text == "" || errors.As(err, new(Constant)) || !reveals(err, form, text) {
		return err
	}
	c := &muted{text: "fluxor: the driver refuses the DSN"}
	if shown := Redact(text); shown != hidden {
		c.text += " " + shown
	}
	if !written(text, form) {
		c.text += ", which is not written as it reads one"
	}
	c.text += "; what it says is left out because it may show the password. Often a character in the password has to be percent-encoded"
	if of := new(url.Error); errors.As(err, &of) {
		c.cause = &url.Error{Op: of.Op, URL: hidden, Err: errLeftOut}
	}
	return c
}

// Constant is an error whose text quotes nothing of the DSN, so that [Conceal]
// returns it as it is.
type Constant string

// Error is the text.
func (c Constant) Error() string { return string(c) }

var errLeftOut = errors.New("left out")

// muted stands for a driver's error that may show a secret.
type muted struct {
	text  string
	cause error
}

func (c *muted) Error() string { return c.text }
func (c *muted) Unwrap() error { return c.cause }

// reveals reports whether err may show something of text that Redact hides.
// net/url quotes any part of what it cannot parse, and a driver that got a DSN
// of another grammar takes any part of it for any other.
func reveals(err error, form backend.Form, text string) bool {
	var escape url.EscapeError
	if errors.As(err, new(*url.Error)) || errors.As(err, &escape) {
		return true
	}
	if !written(text, form) {
		return true
	}
	shown := words(Redact(text))
	secrets := slices.DeleteFunc(words(text), func(w string) bool { return slices.Contains(shown, w) })
	return slices.ContainsFunc(words(err.Error()), func(w string) bool {
		return slices.Contains(secrets, w) || len(w) > 3 && strings.Contains(text, w) && !slices.Contains(shown, w)
	})
}

// written reports whether text is written in the grammar form and in no other.
func written(text string, form backend.Form) bool {
	shapes := Recognize(text)
	return len(shapes) == 1 && shapes[0].Form == form
}

var word = regexp.MustCompile(`[\pL\pM\pN]+`)

// words returns the words of text as it is, percent-decoded, and without
// backslashes: a driver may quote any of them.
func words(text string) []string {
	var all []string
	for _, as := range []string{text, decoded(text), strings.ReplaceAll(text, `\`, "")} {
		all = append(all, word.FindAllString(as, -1)...)
	}
	return all
}
