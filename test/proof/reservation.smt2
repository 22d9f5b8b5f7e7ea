; RUN: %prove %s
; P1 and P3: reserve in runtime/host/engine.c. mmap gives any page-aligned `at`; the first slot is the first multiple of 4 GiB
; after 16 MiB. The slots, the 16 MiB before the first and 16 MiB behind the last lie in the reservation. And inside a slot the
; fixed parts do not overlap.
(declare-const at Word)
(declare-const count Word)
(declare-const number Word)
(assert (bvult at #x0000800000000000))
(assert (= (bvand at (bvsub BH_PAGE_SIZE #x0000000000000001)) #x0000000000000000))
(assert (bvule count #x0000000000010000))
(assert (bvult number count))
(define-fun one () Word #x0000000000000001)
(define-fun reserved ((guards Word)) Word
  (bvadd (bvmul (bvadd count one) BH_SLOT_SIZE) (bvmul guards BH_TAIL_GUARD_SIZE)))
(define-fun first () Word
  (bvand (bvsub (bvadd (bvadd at BH_TAIL_GUARD_SIZE) BH_SLOT_SIZE) one) (bvnot (bvsub BH_SLOT_SIZE one))))
(define-fun slot () Word (bvadd first (bvmul number BH_SLOT_SIZE)))
(define-fun with-margins () Word (bvadd BH_TAIL_GUARD_SIZE (bvadd BH_SLOT_SIZE BH_NULL_GUARD_SIZE)))

(push 1)
(assert (not (inside (bvsub slot BH_TAIL_GUARD_SIZE) (bvadd BH_TAIL_GUARD_SIZE (bvadd BH_SLOT_SIZE BH_TAIL_GUARD_SIZE)) at
                     (reserved #x0000000000000002))))
(echo "holds: every slot with 16 MiB on both sides lies in the reservation")
(check-sat)
(pop 1)

(push 1)
(assert (not (and (= BH_NULL_GUARD_SIZE BH_CONTEXT_OFFSET) (bvule (bvadd BH_CONTEXT_OFFSET BH_PAGE_SIZE) BH_GATE_OFFSET)
                  (bvule (bvadd BH_GATE_OFFSET BH_PAGE_SIZE) BH_IMAGE_OFFSET)
                  (bvult BH_IMAGE_OFFSET (bvsub BH_SLOT_SIZE BH_TAIL_GUARD_SIZE)))))
(echo "holds: null pages, context page, gate, image and tail follow each other")
(check-sat)
(pop 1)

(push 1)
(assert (not (inside (bvsub slot BH_TAIL_GUARD_SIZE) with-margins at (bvmul count BH_SLOT_SIZE))))
(echo "mutant: no room for aligning")
(check-sat)
(pop 1)

(push 1)
(define-fun unguarded () Word (bvand (bvsub (bvadd at BH_SLOT_SIZE) one) (bvnot (bvsub BH_SLOT_SIZE one))))
(assert (not (inside (bvsub (bvadd unguarded (bvmul number BH_SLOT_SIZE)) BH_TAIL_GUARD_SIZE) with-margins at
                     (reserved #x0000000000000002))))
(echo "mutant: no guard before the first slot")
(check-sat)
(pop 1)

(push 1)
(assert (not (inside (bvsub slot BH_TAIL_GUARD_SIZE) with-margins at (reserved #x0000000000000000))))
(echo "mutant: no guard behind the last slot")
(check-sat)
(pop 1)
