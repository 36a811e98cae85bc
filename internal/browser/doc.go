// This file is the documentation of a package that holds only tests.

// Package browser looks at the page of package admin with a browser: a headless
// Chromium, driven by the DevTools protocol, and axe-core, which finds what keeps
// people from using a page. It is a module of its own so that no client of a
// browser reaches a user's build. With FLUXOR_SCREENSHOTS=DIR the tests leave
// pictures in that directory.
package browser
