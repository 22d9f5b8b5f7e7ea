; RUN: %prove %s
; Why S2 sums absolute values. Several constants stand before a touch, and a branch may enter before any of them, or skip
; the first ones: then only the last few, a suffix of the list, are added to rsp, which was settled where the branch started.
; By induction over the list, from its end: if no suffix moves rsp by more than the sum s of the absolute values, the same
; holds with one more constant in front. So a suffix is bounded like one constant, and s1-s2.smt2 applies to it.
(declare-const suffix Word)
(declare-const s Word)
(declare-const c Word)
(assert (bounded c BH_STACK_DISP_MAX))
(assert (bvule s BH_STACK_DISP_MAX))
(define-fun sum () Word (bvadd s (abs c)))

(push 1)
(assert (bounded suffix s))
(assert (bvule sum BH_STACK_DISP_MAX))
(assert (not (and (bounded suffix sum) (bounded (bvadd c suffix) sum) (bounded sum BH_STACK_DISP_MAX))))
(echo "holds: wherever a branch enters, rsp moves no further than the debt")
(check-sat)
(pop 1)

(push 1)
(assert (bounded suffix BH_STACK_DISP_MAX))
(assert (bounded (bvadd suffix s) BH_STACK_DISP_MAX))
(assert (not (bounded (bvadd c (bvadd suffix s)) BH_STACK_DISP_MAX)))
(echo "mutant: each constant is bounded, but no sum")
(check-sat)
(pop 1)

; subq $c1; addq $c2, net zero: who enters at the addq moves by c2, which the net sum does not bound.
(declare-const c1 Word)
(declare-const c2 Word)
(push 1)
(assert (bounded (bvadd c1 c2) BH_STACK_DISP_MAX))
(assert (not (and (bounded c2 BH_STACK_DISP_MAX) (bounded (bvadd c1 c2) BH_STACK_DISP_MAX))))
(echo "mutant: the net sum is bounded, and a branch enters in the middle")
(check-sat)
(pop 1)

(declare-const c3 Word)
(push 1)
(assert (and (bounded c1 BH_STACK_DISP_MAX) (bounded c2 BH_STACK_DISP_MAX) (bounded c3 BH_STACK_DISP_MAX)))
(assert (bounded (bvadd c1 (bvadd c2 c3)) BH_STACK_DISP_MAX))
(assert (not (bounded (bvadd c2 c3) BH_STACK_DISP_MAX)))
(echo "mutant: the same, though each constant is bounded")
(check-sat)
(pop 1)

(push 1)
(assert (and (bounded c1 BH_STACK_DISP_MAX) (bounded c2 BH_STACK_DISP_MAX)))
(assert (bvsle (bvadd c1 c2) BH_STACK_DISP_MAX))
(assert (not (bounded (bvadd c1 c2) BH_STACK_DISP_MAX)))
(echo "mutant: the sum is bounded on one side")
(check-sat)
(pop 1)
