; RUN: %prove %s
; T2: bh_slot_has in runtime/slot/slot.h, `address - base < 4G && size <= 4G - (address - base)`, and the other way to use a
; guest's pointer, `B + (uint32)p`.
(declare-const p Word)
(declare-const len Word)
(define-fun checked () Bool
  (and (bvult (bvsub p B) BH_SLOT_SIZE) (bvule len (bvsub BH_SLOT_SIZE (bvsub p B)))))
(define-fun all-in-slot () Bool
  (let ((end ((_ zero_extend 1) p)) (length ((_ zero_extend 1) len)))
    (and (bvule B p) (bvult p (bvadd B BH_SLOT_SIZE))
         (bvule (bvadd end length) ((_ zero_extend 1) (bvadd B BH_SLOT_SIZE))))))

(push 1)
(assert (not (= checked all-in-slot)))
(echo "holds: bh_in_slot accepts exactly the ranges in the slot")
(check-sat)
(pop 1)

(push 1)
(assert (not (in-slot (bvadd B (zext32 (low32 p))) #x0000000000000001)))
(echo "holds: B + (uint32)p is in the slot")
(check-sat)
(pop 1)

(push 1)
(assert (and (bvuge p B) (bvule (bvadd p len) (bvadd B BH_SLOT_SIZE))))
(assert (not all-in-slot))
(echo "mutant: pointer + length, which wraps")
(check-sat)
(pop 1)

(push 1)
(assert (and (bvult (bvsub p B) BH_SLOT_SIZE) (bvule len BH_SLOT_SIZE)))
(assert (not all-in-slot))
(echo "mutant: pointer and length are checked apart")
(check-sat)
(pop 1)

(push 1)
(assert (bvult (bvadd (bvsub p B) len) BH_SLOT_SIZE))
(assert (not all-in-slot))
(echo "mutant: the sum of offset and length is compared")
(check-sat)
(pop 1)
