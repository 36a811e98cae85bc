// This file writes the script for zsh.

package complete

import (
	"fmt"
	"strings"
)

const zshScript = `#compdef %[1]s
# Completion of %[1]s for zsh: put it into a directory of $fpath as _%[1]s, or
# source it after compinit.
_%[1]s() {
    local cur=${words[CURRENT]} prev=${words[CURRENT-1]} cmd= i
    local -a offer
    integer at=0
    if [[ $cur == --*=* ]]; then
        prev=${cur%%%%=*}
        compset -P '*='
        cur=${cur#*=}
    fi
    for ((i = 2; i < CURRENT; i++)); do
        if [[ ${words[i]} != -* ]]; then
            cmd=${words[i]} at=$i
            break
        fi
    done
    case $cmd:$prev in
%[2]s    (*)
        if [[ $cur == -* ]]; then
            case $cmd in
%[3]s            ('') offer=(--help --version) ;;
            esac
        elif [[ -z $cmd ]]; then
            offer=(%[4]s)
        elif ((CURRENT == at + 1)); then
            case $cmd in
%[5]s            esac
        fi
        ;;
    esac
    if (($#offer)); then
        compadd -a offer
    else
        _files
    fi
}
if [[ $funcstack[1] == _%[1]s ]]; then
    _%[1]s "$@"
else
    compdef _%[1]s %[1]s
fi
`

func zsh(program string, commands []command) string {
	var values, flags, words strings.Builder
	for _, c := range commands {
		for _, f := range c.flags {
			if f.takes {
				fmt.Fprintf(&values, "    (%s:%s) offer=(%s) ;;\n", c.name, f.name, strings.Join(f.values, " "))
			}
		}
		fmt.Fprintf(&flags, "            (%s) offer=(%s) ;;\n", c.name, flagNames(c))
		if c.words != nil {
			fmt.Fprintf(&words, "            (%s) offer=(%s) ;;\n", c.name, strings.Join(c.words, " "))
		}
	}
	return fmt.Sprintf(zshScript, program, values.String(), flags.String(), names(commands), words.String())
}
