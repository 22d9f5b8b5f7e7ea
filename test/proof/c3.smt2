; RUN: %prove %s
; C3, C4 and T1: `andl $-32,%eR; addq %gs:0x10000,%R` leads to the start of a bundle in the slot, whatever R holds. The mask is
; an imm8 that the processor extends with its sign. The runtime enters guest code by the same formula (bh_confine in
; runtime/cross/enter.h).
(declare-const r Word)
(define-fun imm8 () (_ BitVec 8) ((_ extract 7 0) BH_BUNDLE_MASK_IMM8))
(define-fun mask () (_ BitVec 32) ((_ sign_extend 24) imm8))
(define-fun bundle-low ((a Word)) Word (bvand a (bvsub BH_BUNDLE_SIZE #x0000000000000001)))
(define-fun target () Word (bvadd (zext32 (bvand (low32 r) mask)) B))
(define-fun legal ((a Word)) Bool (and (in-slot a BH_BUNDLE_SIZE) (= (bundle-low a) #x0000000000000000)))

(push 1)
(assert (not (legal target)))
(echo "holds: an indirect branch leads to a bundle in the slot")
(check-sat)
(pop 1)

; bh_confine: base + ((uint32_t)address & ~(uint32_t)(BH_BUNDLE_SIZE - 1)).
(push 1)
(define-fun confined () Word
  (bvadd B (zext32 (bvand (low32 r) (bvnot (bvsub (low32 BH_BUNDLE_SIZE) #x00000001))))))
(assert (not (= target confined)))
(echo "holds: bh_confine computes the same")
(check-sat)
(pop 1)

; Code pages begin at page boundaries of the slot, so such a target in them is the boundary of a bundle that was verified.
(push 1)
(declare-const code_addr Word)
(assert (= (bvand code_addr (bvsub BH_PAGE_SIZE #x0000000000000001)) #x0000000000000000))
(assert (not (= (bundle-low (bvsub target (bvadd (bvadd B BH_IMAGE_OFFSET) code_addr))) #x0000000000000000)))
(echo "holds: and that is a boundary from where the verifier counts")
(check-sat)
(pop 1)

(push 1)
(assert (legal r))
(assert (not (= target r)))
(echo "holds: a bundle in the slot is left as it is")
(check-sat)
(pop 1)

(push 1)
(assert (not (legal (bvadd (zext32 (bvand (low32 r) #xfffffff0)) B))))
(echo "mutant: andl $-16")
(check-sat)
(pop 1)

(push 1)
(assert (not (legal (zext32 (bvand (low32 r) mask)))))
(echo "mutant: no addq")
(check-sat)
(pop 1)

(push 1)
(assert (not (legal (bvadd (bvand r (sext32 mask)) B))))
(echo "mutant: andq instead of andl")
(check-sat)
(pop 1)

(push 1)
(assert (not (legal (bvadd (zext32 (low32 r)) B))))
(echo "mutant: no andl but a movl")
(check-sat)
(pop 1)

(push 1)
(declare-const other Word)
(assert (not (legal other)))
(echo "mutant: the jump goes through another register")
(check-sat)
(pop 1)
