; RUN: %prove %s
; M4 with rep: rdi leaves the confining arithmetic and walks, up to 2^64 steps. By induction every element begins in the
; slot: the first by m4.smt2, and the one after an element that did not fault, because no step jumps over a guard. Elements
; have at most 8 bytes. The direction flag is clear, so the walk goes up; the same holds for a walk down, so containment does
; not hang on the flag.
(declare-const p Word)
(declare-const width Word)
(assert (or (= width #x0000000000000001) (= width #x0000000000000002) (= width #x0000000000000004)
            (= width #x0000000000000008)))

(push 1)
(assert (in-slot p #x0000000000000001))
(assert (not (contained p width)))
(echo "holds: an element that begins in the slot is in slot and margins")
(check-sat)
(pop 1)

(push 1)
(assert (in-slot p #x0000000000000001))
(assert (not (faults p width)))
(assert (not (in-slot (bvadd p width) #x0000000000000001)))
(echo "holds: upwards, the element after one that did not fault begins in the slot")
(check-sat)
(pop 1)

(push 1)
(assert (in-slot p #x0000000000000001))
(assert (not (faults p width)))
(assert (not (in-slot (bvsub p width) #x0000000000000001)))
(echo "holds: downwards, too")
(check-sat)
(pop 1)

(push 1)
(declare-const stride Word)
(assert (bvule stride (bvadd BH_TAIL_GUARD_SIZE BH_PAGE_SIZE)))
(assert (in-slot p #x0000000000000001))
(assert (not (faults p width)))
(assert (not (in-slot (bvadd p stride) #x0000000000000001)))
(echo "mutant: steps larger than the guard")
(check-sat)
(pop 1)

(push 1)
(assert (in-slot p #x0000000000000001))
(assert (not (in-slot (bvadd p width) #x0000000000000001)))
(echo "mutant: no guard stops the walk")
(check-sat)
(pop 1)
