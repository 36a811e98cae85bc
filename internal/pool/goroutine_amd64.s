// This file reads a word of the running goroutine's descriptor on amd64.

#include "textflag.h"

// func descriptor(offset uintptr) uint64
TEXT ·descriptor(SB), NOSPLIT, $0-16
	MOVQ (TLS), AX
	MOVQ offset+0(FP), CX
	MOVQ (AX)(CX*1), AX
	MOVQ AX, ret+8(FP)
	RET
