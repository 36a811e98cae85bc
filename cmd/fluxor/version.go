// This file is the command fluxor version.

package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

type versionCommand struct {
	JSON bool `name:"json" help:"Write a JSON object."`
}

// Help shows how the version is used.
func (versionCommand) Help() string {
	return `Examples:

    fluxor version
    fluxor version --json`
}

// build is what the binary knows about itself.
type build struct {
	Version  string `json:"version"`            // of the module; "(devel)" for a build from a working tree
	Revision string `json:"revision,omitempty"` // of the working tree, where the build had one
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

// Run prints the version.
func (c *versionCommand) Run(e *env) error {
	b := thisBuild()
	if c.JSON {
		return writeJSON(e.out, b)
	}
	revision := ""
	if b.Revision != "" {
		revision = " " + b.Revision
	}
	_, err := fmt.Fprintf(e.out, "fluxor %s%s, %s, %s\n", b.Version, revision, b.Go, b.Platform)
	return err
}

func thisBuild() build {
	b := build{Version: "(devel)", Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	if info.Main.Version != "" {
		b.Version = info.Main.Version
	}
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			b.Revision = s.Value[:min(12, len(s.Value))]
		case s.Key == "vcs.modified" && s.Value == "true":
			b.Revision += "+changes"
		}
	}
	return b
}
