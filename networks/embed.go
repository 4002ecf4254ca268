// Package networks embeds the networks that come with the program. Each is a folder that package network can load; an operator copies
// one and edits it.
package networks

import (
	"embed"
	"fmt"
	"io/fs"
	"strings"
)

//go:embed auto-quotes customer-space emergency-trades reviews-network works-advisor
var folders embed.FS

// Names lists the embedded networks in alphabetical order.
func Names() []string {
	entries, err := folders.ReadDir(".")
	if err != nil {
		panic("networks: " + err.Error()) // the root of an embed.FS can always be read
	}
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.Name()
	}
	return names
}

// Open gives the folder of an embedded network. The error names those that exist.
func Open(name string) (fs.FS, error) {
	for _, n := range Names() {
		if n == name {
			return fs.Sub(folders, name)
		}
	}
	return nil, fmt.Errorf("there is no network %q in this program; it has %s", name, strings.Join(Names(), ", "))
}
