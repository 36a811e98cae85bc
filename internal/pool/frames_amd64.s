// This file follows the chain of frame pointers on amd64.

#include "textflag.h"

// A frame pointer points at the caller's, beside which stands the return address.
// Whatever stands there, nothing outside the goroutine's stack is read: its bounds
// are the first two words of the descriptor, and the chain must rise.

// func returnAddresses(returns *[28]uintptr) (whole bool)
TEXT ·returnAddresses(SB), NOSPLIT, $0-9
	MOVQ (TLS), R8
	MOVQ 0(R8), R9
	MOVQ 8(R8), R10
	SUBQ $16, R10
	MOVQ returns+0(FP), DI
	MOVQ BP, CX
	XORQ AX, AX

next:
	CMPQ  CX, R9
	JCS   done
	CMPQ  CX, R10
	JHI   done
	TESTQ $7, CX
	JNE   done
	MOVQ  8(CX), DX
	MOVQ  DX, (DI)(AX*8)
	MOVQ  0(CX), DX
	INCQ  AX
	CMPQ  AX, $28
	JCC   whole
	TESTQ DX, DX
	JEQ   whole
	CMPQ  DX, CX
	JLS   done
	MOVQ  DX, CX
	JMP   next

done:
	MOVB $0, whole+8(FP)
	RET

whole:
	MOVB $1, whole+8(FP)
	RET
