// This file holds what can be completed, and picks the shell's script.

// Package complete writes completion scripts for bash, zsh and fish. A script
// holds everything it offers: completing runs no program.
package complete

import (
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// Shells are the shells that Script knows.
var Shells = []string{"bash", "zsh", "fish"}

// command is one command of the program.
type command struct {
	name, help string
	words      []string // what its first argument can be; nil for anything
	flags      []flag
}

// flag is one flag of a command.
type flag struct {
	name, help string // name with its dashes
	takes      bool   // a value
	values     []string
}

// Script returns the completion script of a program for one of Shells; "" for
// another.
func Script(shell, program string, app *kong.Node) string {
	commands := commandsOf(app)
	switch shell {
	case "bash":
		return bash(program, commands)
	case "zsh":
		return zsh(program, commands)
	case "fish":
		return fish(program, commands)
	}
	return ""
}

// commandsOf reads the command line's model; "help" is understood beside it.
func commandsOf(app *kong.Node) []command {
	help := command{name: "help", help: "Say what a command does and takes."}
	var commands []command
	for _, node := range app.Children {
		if node.Hidden {
			continue
		}
		c := command{name: node.Name, help: node.Help}
		if len(node.Positional) > 0 && node.Positional[0].Enum != "" {
			c.words = enum(node.Positional[0].Enum)
		}
		c.takeFlags(node)
		for _, part := range node.Children { // its commands, whose flags are offered behind any of them
			c.words = append(c.words, part.Name)
			c.takeFlags(part)
		}
		commands, help.words = append(commands, c), append(help.words, c.name)
	}
	return append(commands, help)
}

// takeFlags adds a node's flags, each name once.
func (c *command) takeFlags(node *kong.Node) {
	for _, f := range slices.Concat(node.AllFlags(true)...) {
		made := flagOf(f)
		if !slices.ContainsFunc(c.flags, func(has flag) bool { return has.name == made.name }) {
			c.flags = append(c.flags, made)
		}
	}
}

func flagOf(f *kong.Flag) flag {
	made := flag{name: "--" + f.Name, help: f.Help, takes: !f.IsBool()}
	if f.Enum != "" {
		made.values = enum(f.Enum)
	}
	return made
}

func enum(list string) []string {
	values := strings.Split(list, ",")
	for i, v := range values {
		values[i] = strings.TrimSpace(v)
	}
	return values
}

func names(commands []command) string {
	var all []string
	for _, c := range commands {
		all = append(all, c.name)
	}
	return strings.Join(all, " ")
}

func flagNames(c command) string {
	var all []string
	for _, f := range c.flags {
		all = append(all, f.name)
	}
	return strings.Join(all, " ")
}
