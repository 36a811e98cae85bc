// This file reads a word of the running goroutine's descriptor on arm64.

#include "textflag.h"

// func descriptor(offset uintptr) uint64
TEXT ·descriptor(SB), NOSPLIT, $0-16
	MOVD offset+0(FP), R0
	ADD  g, R0
	MOVD (R0), R0
	MOVD R0, ret+8(FP)
	RET
