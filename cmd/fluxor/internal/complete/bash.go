// This file writes the script for bash.

package complete

import (
	"fmt"
	"strings"
)

// bashScript splits --format=csv itself: bash makes three words of it. Where
// nothing is offered bash completes files, which a DSN may be.
const bashScript = `# Completion of %[1]s for bash: source this, or put it into
# ~/.local/share/bash-completion/completions/%[1]s
_%[1]s() {
    local cur=${COMP_WORDS[COMP_CWORD]} prev= cmd= at=0 i words=
    ((COMP_CWORD > 0)) && prev=${COMP_WORDS[COMP_CWORD-1]}
    if [[ $cur == = ]]; then
        cur=
    elif [[ $prev == = ]]; then
        prev=${COMP_WORDS[COMP_CWORD-2]}
    fi
    for ((i = 1; i < COMP_CWORD; i++)); do
        if [[ ${COMP_WORDS[i]} != -* ]]; then
            cmd=${COMP_WORDS[i]} at=$i
            break
        fi
    done
    COMPREPLY=()
    case $cmd:$prev in
%[2]s    *)
        if [[ $cur == -* ]]; then
            case $cmd in
%[3]s            '') words='--help --version' ;;
            esac
        elif [[ -z $cmd ]]; then
            words='%[4]s'
        elif ((COMP_CWORD == at + 1)); then
            case $cmd in
%[5]s            esac
        fi
        ;;
    esac
    while IFS= read -r i; do
        [[ -n $i ]] && COMPREPLY+=("$i")
    done < <(compgen -W "$words" -- "$cur")
}
complete -o default -F _%[1]s %[1]s
`

func bash(program string, commands []command) string {
	var values, flags, words strings.Builder
	for _, c := range commands {
		for _, f := range c.flags {
			if f.takes {
				fmt.Fprintf(&values, "    %s:%s) words='%s' ;;\n", c.name, f.name, strings.Join(f.values, " "))
			}
		}
		fmt.Fprintf(&flags, "            %s) words='%s' ;;\n", c.name, flagNames(c))
		if c.words != nil {
			fmt.Fprintf(&words, "            %s) words='%s' ;;\n", c.name, strings.Join(c.words, " "))
		}
	}
	return fmt.Sprintf(bashScript, program, values.String(), flags.String(), names(commands), words.String())
}
