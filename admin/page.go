// This file serves the page: a few files that are part of the program.

package admin

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
	"sync"
	"time"
)

//go:embed page
var pageFiles embed.FS

// policy is what the page may do in a browser: load its own files and ask its own
// handler. Nothing inline runs, no text becomes markup, nobody frames it.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

// pageFile is one file of the page. It never changes.
type pageFile struct {
	name, kind, tag string
	text            []byte
}

// page returns the files by their path; "/" is index.html.
var page = sync.OnceValue(func() map[string]pageFile {
	files := map[string]pageFile{}
	names, err := fs.Glob(pageFiles, "page/*")
	if err != nil {
		panic(err) // of the pattern
	}
	for _, name := range names {
		text, err := pageFiles.ReadFile(name)
		if err != nil {
			panic(err) // it is part of the program
		}
		sum := sha256.Sum256(text)
		f := pageFile{path.Base(name), kindOf(name), `"` + hex.EncodeToString(sum[:12]) + `"`, text}
		files["/"+f.name] = f
	}
	files["/"] = files["/index.html"]
	delete(files, "/index.html") // it has one address
	return files
})

// kindOf is a file's media type, whatever the machine has in its tables.
func kindOf(name string) string {
	return mime.FormatMediaType(map[string]string{
		".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml",
	}[path.Ext(name)], map[string]string{"charset": "utf-8"})
}

// serve answers with the file, or with 304 to who has it.
func (f pageFile) serve(w http.ResponseWriter, r *http.Request) {
	head := w.Header()
	head.Set("Cache-Control", "private, no-cache") // kept, and asked about
	head.Set("Content-Security-Policy", policy)
	head.Set("Content-Type", f.kind)
	head.Set("Cross-Origin-Opener-Policy", "same-origin")
	head.Set("ETag", f.tag)
	http.ServeContent(w, r, f.name, time.Time{}, bytes.NewReader(f.text))
}

// toSlash sends who asked for the prefix without its slash to the page, whose
// links are relative. The address is relative, too: a proxy may have cut another
// prefix off.
func toSlash(w http.ResponseWriter, r *http.Request) {
	asked, query, _ := strings.Cut(r.RequestURI, "?")
	to := "./" + path.Base(asked) + "/"
	if query != "" {
		to += "?" + query
	}
	w.Header().Set("Location", to)
	answer(w, http.StatusPermanentRedirect, refusal{"the page is at " + shorten(to)})
}
