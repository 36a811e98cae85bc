// This file is the documentation of the examples.

// Package examples holds clients of a gateway, in Go without any database's
// client (oracle-gateway), in Python and in Node.js. Its tests run them.
package examples
