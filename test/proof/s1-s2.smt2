; RUN: %prove %s
; S1 and S2: rsp is at most BH_STACK_DISP_MAX + debt outside the slot, where debt is the sum of the absolute constants since
; the stack was last touched. Each kind of instruction keeps that, and a touch brings the debt back to 0: it faulted, or it
; accessed memory in the slot at most BH_STACK_DISP_MAX away from rsp.
(declare-const rsp Word)
(declare-const debt Word)  ; what the verifier has booked
(declare-const owed Word)  ; what rsp has really moved: less, when a branch entered between constants
(declare-const constant Word)
(declare-const disp Word)
(declare-const size Word)
(assert (operand-size size))
(assert (bvule debt BH_STACK_DISP_MAX))
(assert (bvule owed debt))
(define-fun zero () Word #x0000000000000000)
(define-fun eight () Word #x0000000000000008)

; check_constant accepts |constant| <= BH_STACK_DISP_MAX and debt + |constant| <= BH_STACK_DISP_MAX.
(define-fun small () Bool (bounded constant BH_STACK_DISP_MAX))
(define-fun booked () Word (bvadd debt (abs constant)))

(push 1)
(assert (stack-within rsp owed))
(assert small)
(assert (bvule booked BH_STACK_DISP_MAX))
(assert (not (and (stack-within (bvadd rsp constant) (bvadd owed (abs constant))) (bvule (bvadd owed (abs constant)) booked))))
(echo "holds: an accepted constant keeps rsp within what is booked")
(check-sat)
(pop 1)

; debt is a uint32_t; the comparison comes after the addition.
(push 1)
(assert small)
(assert (not (= (zext32 (bvadd (low32 debt) (low32 (abs constant)))) booked)))
(echo "holds: check_constant does not overflow 32 bits")
(check-sat)
(pop 1)

; From less debt follows more: entering code where the verifier has booked something, while nothing is owed, is fine.
(push 1)
(assert (stack-within rsp zero))
(assert (not (stack-within rsp debt)))
(echo "holds: a branch may enter between a constant and its touch")
(check-sat)
(pop 1)

(push 1)
(assert (stack-within rsp debt))
(assert (bounded disp BH_STACK_DISP_MAX))
(assert (not (faults (bvadd rsp disp) size)))
(assert (not (stack-within rsp zero)))
(echo "holds: after an M3 access that did not fault, nothing is owed")
(check-sat)
(pop 1)

(push 1)
(assert (stack-within rsp debt))
(assert (not (faults (bvsub rsp eight) eight)))
(assert (not (stack-within (bvsub rsp eight) zero)))
(echo "holds: the same for push and call")
(check-sat)
(pop 1)

(push 1)
(assert (stack-within rsp debt))
(assert (not (faults rsp eight)))
(assert (not (stack-within (bvadd rsp eight) zero)))
(echo "holds: the same for pop")
(check-sat)
(pop 1)

; A pop with a memory operand (M1 or M3) reads the stack first, whatever its destination does.
(push 1)
(assert (stack-within rsp debt))
(assert (not (faults rsp eight)))
(assert (bounded disp BH_STACK_DISP_MAX))
(assert (not (contained (bvadd (bvadd rsp eight) disp) eight)))
(echo "holds: the destination of popq disp(%rsp) is in slot and margins")
(check-sat)
(pop 1)

; Faulting accesses: rsp is in the slot or at most 32 KiB past it, where nothing is mapped.
(push 1)
(assert (stack-within rsp debt))
(assert (not (contained rsp (bvadd BH_STACK_DISP_MAX BH_STACK_DISP_MAX))))
(echo "holds: rsp never leaves slot and margins")
(check-sat)
(pop 1)

(push 1)
(assert (stack-within rsp owed))
(assert small)
(assert (not (stack-within (bvadd rsp constant) BH_STACK_DISP_MAX)))
(echo "mutant: each constant is bounded, but not their sum")
(check-sat)
(pop 1)

(push 1)
(assert (stack-within rsp debt))
(assert (bounded disp BH_STACK_DISP_MAX))
(assert (not (stack-within rsp zero)))
(echo "mutant: an access that may not happen counts as a touch")
(check-sat)
(pop 1)

(push 1)
(assert (stack-within rsp debt))
(assert (bounded disp (bvadd BH_STACK_DISP_MAX BH_STACK_DISP_MAX)))
(assert (not (faults (bvadd rsp disp) size)))
(assert (not (stack-within rsp zero)))
(echo "mutant: touches reach twice as far as M3 allows")
(check-sat)
(pop 1)

(push 1)
(assert (stack-within rsp debt))
(assert (not (stack-within rsp zero)))
(echo "mutant: a jump settles the debt")
(check-sat)
(pop 1)
