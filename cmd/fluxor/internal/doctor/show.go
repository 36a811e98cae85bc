// This file prints a report for people.

package doctor

import (
	"github.com/fluxor-db/fluxor/cmd/fluxor/internal/term"
)

// Show writes the report on a screen.
func (r *Report) Show(s *term.Screen) error {
	s.Heading("The DSN")
	u := r.Understood
	for _, line := range [][2]string{
		{"dsn", u.DSN}, {"served by", u.Backend + ", driver " + u.Driver}, {"because", u.Rule}, {"the driver gets", u.DriverGets},
	} {
		s.Pair(line[0], line[1])
	}
	s.Heading("Options")
	for _, o := range r.Options {
		s.Pair(o.Key, o.Value+" ("+o.Source+")")
	}
	s.Heading("Checks")
	for _, c := range r.Checks {
		s.Pair(c.ID, shown(c.Value))
	}
	s.Heading("Findings")
	switch {
	case r.Error != "":
		s.Say("not complete: the examination was ended early (%s)", r.Error)
	case len(r.Findings) == 0:
		s.Say("none")
	}
	for _, f := range r.Findings {
		s.Pair(f.ID+" "+string(f.Severity), f.Text)
		s.Pair("", f.Detail)
		s.Pair("", f.Cure)
	}
	s.Heading("Next")
	for _, step := range r.NextSteps {
		s.Command(step)
	}
	s.Say("%s explains each finding.", page)
	return s.Err()
}

// shown is a value that can be seen also where it is empty.
func shown(value string) string {
	if value == "" {
		return `""`
	}
	return value
}
