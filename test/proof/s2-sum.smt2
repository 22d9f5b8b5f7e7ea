; RUN: %prove %s
; Why S2 sums absolute values. Three constants stand before a touch, and a branch may enter before any of them, or has
; skipped the first ones: then only a suffix of the sum is added to rsp, which was settled where the branch started.
(declare-const c1 Word)
(declare-const c2 Word)
(declare-const c3 Word)
(declare-const entry Word)
(declare-const rsp Word)
(assert (bounded c1 BH_STACK_DISP_MAX))
(assert (bounded c2 BH_STACK_DISP_MAX))
(assert (bounded c3 BH_STACK_DISP_MAX))
(assert (bvule entry #x0000000000000003))
(assert (stack-within rsp #x0000000000000000))
(define-fun zero () Word #x0000000000000000)
(define-fun moved () Word
  (bvadd (ite (bvule entry #x0000000000000000) c1 zero)
         (bvadd (ite (bvule entry #x0000000000000001) c2 zero) (ite (bvule entry #x0000000000000002) c3 zero))))

(push 1)
(assert (bvule (bvadd (abs c1) (bvadd (abs c2) (abs c3))) BH_STACK_DISP_MAX))
(assert (not (stack-within (bvadd rsp moved) BH_STACK_DISP_MAX)))
(echo "holds: wherever a branch enters, rsp stays within the debt")
(check-sat)
(pop 1)

(push 1)
(assert (bounded (bvadd c1 (bvadd c2 c3)) BH_STACK_DISP_MAX))
(assert (not (stack-within (bvadd rsp moved) BH_STACK_DISP_MAX)))
(echo "mutant: the net sum is bounded")
(check-sat)
(pop 1)

(push 1)
(assert (bvsle (bvadd c1 (bvadd c2 c3)) BH_STACK_DISP_MAX))
(assert (= entry #x0000000000000000))
(assert (not (stack-within (bvadd rsp moved) BH_STACK_DISP_MAX)))
(echo "mutant: the sum is bounded on one side, nobody enters")
(check-sat)
(pop 1)
