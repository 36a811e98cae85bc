// This file declares the assembly that reads a goroutine's descriptor.

//go:build amd64 || arm64

package pool

// descriptorReach is how far into a descriptor may be read: every Go release
// since 1.17 has longer ones.
const descriptorReach = 256

// descriptor returns the word at offset in the running goroutine's
// descriptor.
func descriptor(offset uintptr) uint64
