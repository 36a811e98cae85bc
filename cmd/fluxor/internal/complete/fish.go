// This file writes the script for fish.

package complete

import (
	"fmt"
	"strings"
)

func fish(program string, commands []command) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Completion of %[1]s for fish: put it into ~/.config/fish/completions/%[1]s.fish\n", program)
	line := func(condition, rest string) {
		fmt.Fprintf(&b, "complete -c %s -n %s %s\n", program, fishQuote(condition), rest)
	}
	line("__fish_use_subcommand", "-f -l version -d 'Print the version of this binary.'")
	for _, c := range commands {
		line("__fish_use_subcommand", "-f -a "+c.name+" -d "+fishQuote(brief(c.help)))
		within := "__fish_seen_subcommand_from " + c.name
		if c.words != nil {
			line(within, "-f -a "+fishQuote(strings.Join(c.words, " ")))
		}
		for _, f := range c.flags {
			line(within, "-l "+strings.TrimPrefix(f.name, "--")+f.fishValues()+" -d "+fishQuote(brief(f.help)))
		}
	}
	return b.String()
}

// fishValues says what may follow the flag.
func (f flag) fishValues() string {
	switch {
	case !f.takes:
		return ""
	case f.values == nil:
		return " -r"
	}
	return " -x -a " + fishQuote(strings.Join(f.values, " "))
}

func fishQuote(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s) + "'"
}

// brief is the first sentence of a help.
func brief(help string) string {
	sentence, _, _ := strings.Cut(help, ". ")
	return strings.TrimSuffix(sentence, ".")
}
