// This file is the documentation of the package.

// Package policies holds internal/breaker and internal/limit against the
// libraries of their field: where both do the same by construction they must
// agree, and what a call costs is measured side by side. It is tests alone.
package policies
