// This file finds the code blocks of a document and says which of them no tested source file holds.

// Package snippet ties the code in documents to code that is compiled and run:
// a Go block may only say what some test file says, paragraph by paragraph.
package snippet

import (
	"regexp"
	"slices"
	"strings"
)

// Fenced returns the blocks of a document that are marked with a language.
func Fenced(document, language string) []string {
	var blocks []string
	for _, m := range regexp.MustCompile("(?ms)^```"+language+"\n(.*?)^```$").FindAllStringSubmatch(document, -1) {
		blocks = append(blocks, m[1])
	}
	return blocks
}

// Missing returns the Go blocks of which no source holds all paragraphs.
// Indentation does not count, and a whole program's main is the source's
// Example.
func Missing(document string, sources []string) []string {
	normal := make([]string, len(sources))
	for i, text := range sources {
		normal[i] = "\n" + strings.Join(paragraphs(text), "\n\n") + "\n"
	}
	return slices.DeleteFunc(Fenced(document, "go"), func(block string) bool {
		return slices.ContainsFunc(normal, func(source string) bool { return holds(source, block) })
	})
}

func holds(source, block string) bool {
	return !slices.ContainsFunc(asExample(block), func(p string) bool {
		return !strings.Contains(source, "\n"+p+"\n")
	})
}

// paragraphs parts code at blank lines and strips all indentation.
func paragraphs(code string) []string {
	lines := strings.Split(code, "\n")
	for i, line := range lines {
		lines[i] = strings.TrimSpace(line)
	}
	return strings.Split(strings.Trim(strings.Join(lines, "\n"), "\n"), "\n\n")
}

// asExample makes an example's paragraphs of those of a whole program.
func asExample(code string) []string {
	code = strings.TrimPrefix(code, "package main\n")
	return paragraphs(strings.Replace(code, "\nfunc main() {\n", "\nfunc Example() {\n", 1))
}
