// This file is the command fluxor completion.

package main

import (
	"io"

	"github.com/fluxor-db/fluxor/cmd/fluxor/internal/complete"
)

type completionCommand struct {
	Shell string `arg:"" enum:"bash,zsh,fish" help:"The shell: ${enum}."`
}

// Help says how a shell takes the script.
func (completionCommand) Help() string {
	return `Prints a script that lets the shell complete commands, flags and the values of flags. The script runs nothing; print it again after an update.

Examples:

    source <(fluxor completion bash)     for this session
    fluxor completion bash > ~/.local/share/bash-completion/completions/fluxor
    fluxor completion zsh > "${fpath[1]}/_fluxor"
    fluxor completion fish > ~/.config/fish/completions/fluxor.fish`
}

// Run prints the script.
func (c *completionCommand) Run(e *env) error {
	parser, err := newParser()
	if err != nil {
		return err
	}
	_, err = io.WriteString(e.out, complete.Script(c.Shell, "fluxor", parser.Model.Node))
	return err
}
