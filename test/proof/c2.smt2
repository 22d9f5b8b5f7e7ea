; RUN: %prove %s
; C2: check_branch in runtime/verifier/core.c computes the target modulo 2^64 and compares it with the module's code; the
; processor adds to the real rip. An accepted target is where the processor goes, and its bit lies in the bitmaps.
(declare-const address Word)  ; in->address
(declare-const size Word)     ; in->size
(declare-const offset Word)   ; at->offset
(declare-const length Word)
(declare-const imm (_ BitVec 32))
(declare-const target_lo Word)
(declare-const target_hi Word)
; arguments_valid.
(assert (and (bvule size #x00000000ffffffff) (bvule address #x00000000ffffffff)))
(assert (and (bvule address target_lo) (bvule target_lo target_hi) (bvule target_hi (bvadd address size))))
(assert (and (bvult offset size) (bvule length #x000000000000000f)))

(define-fun target () Word (bvadd (bvadd (bvadd address offset) length) (sext32 imm)))
(define-fun accepted () Bool (and (not (bvult target target_lo)) (not (bvuge target target_hi))))
(define-fun bit () Word (bvsub target address))
(define-fun origin () Word (bvadd B BH_IMAGE_OFFSET))
(define-fun next-rip () Word (bvadd (bvadd (bvadd (bvadd origin address) offset) length) (sext32 imm)))

(push 1)
(assert accepted)
(assert (not (and (= next-rip (bvadd origin target)) (inside next-rip #x0000000000000001 (bvadd origin address) size))))
(echo "holds: the processor goes where check_branch computes, into the code that was verified")
(check-sat)
(pop 1)

; words = size / 32 + 1 in each bitmap.
(push 1)
(assert accepted)
(assert (not (bvult (bvudiv bit BH_BUNDLE_SIZE) (bvadd (bvudiv size BH_BUNDLE_SIZE) #x0000000000000001))))
(echo "holds: the target's bit lies in the bitmaps")
(check-sat)
(pop 1)

(push 1)
(assert (bvult target (bvadd address size)))
(assert (not (inside next-rip #x0000000000000001 (bvadd origin address) size)))
(echo "mutant: no lower bound")
(check-sat)
(pop 1)

(push 1)
(define-fun unsigned () Word (bvadd (bvadd (bvadd address offset) length) (zext32 imm)))
(assert (and (bvuge unsigned target_lo) (bvult unsigned target_hi)))
(assert (not (= next-rip (bvadd origin unsigned))))
(echo "mutant: computed in 32 bits without sign")
(check-sat)
(pop 1)

; 66h truncates rip to 16 bits on one maker's processors.
(push 1)
(assert accepted)
(assert (not (inside (bvand next-rip #x000000000000ffff) #x0000000000000001 (bvadd origin address) size)))
(echo "mutant: a branch with 66h")
(check-sat)
(pop 1)
