; RUN: %prove %s
; C2: check_branch in runtime/verifier/step.c computes the target modulo 2^64 and compares it with the module's code; the
; processor adds to the real rip. An accepted target is where the processor goes, and its bit lies in the bitmaps.
(declare-const address Word)  ; in->address
(declare-const size Word)     ; in->size
(declare-const next Word)     ; in->address + at->offset + in->length: where the next instruction begins
(declare-const imm (_ BitVec 32))
(declare-const target_lo Word)
(declare-const target_hi Word)
; arguments_valid.
(assert (and (bvule size #x00000000ffffffff) (bvule address #x00000000ffffffff)))
(assert (and (bvule address target_lo) (bvule target_lo target_hi) (bvule target_hi (bvadd address size))))

(define-fun target () Word (bvadd next (sext32 imm)))
(define-fun in-code ((t Word)) Bool (and (not (bvult t target_lo)) (not (bvuge t target_hi))))
(define-fun bit ((t Word)) Word (bvsub t address))
(define-fun origin () Word (bvadd B BH_IMAGE_OFFSET)) ; where image address 0 really lies
(define-fun next-rip () Word (bvadd (bvadd origin next) (sext32 imm)))

(push 1)
(assert (not (= next-rip (bvadd origin target))))
(echo "holds: the processor goes where check_branch computes")
(check-sat)
(pop 1)

; For every t that passes the comparison, thus for the target.
(push 1)
(declare-const t Word)
(assert (in-code t))
(assert (not (bvult (bit t) size)))
(echo "holds: an accepted target lies in the code that was verified")
(check-sat)
(pop 1)

; words = size / 32 + 1 in each bitmap.
(push 1)
(declare-const n Word)
(assert (bvult n size))
(assert (not (bvult (bvudiv n BH_BUNDLE_SIZE) (bvadd (bvudiv size BH_BUNDLE_SIZE) #x0000000000000001))))
(echo "holds: its bit lies in the bitmaps")
(check-sat)
(pop 1)

(push 1)
(assert (and (in-code target) (bvult next (bvadd address size))))
(assert (not (in-slot next-rip #x0000000000000001)))
(assert (bvule (bvadd address size) (bvsub BH_SLOT_SIZE BH_IMAGE_OFFSET)))
(echo "holds: and in the slot, when the code does")
(check-sat)
(pop 1)

(push 1)
(assert (and (bvult target (bvadd address size)) (bvult next (bvadd address size))))
(assert (not (in-slot (bvadd origin target) #x0000000000000001)))
(echo "mutant: no lower bound")
(check-sat)
(pop 1)

(push 1)
(define-fun unsigned () Word (bvadd next (zext32 imm)))
(assert (in-code unsigned))
(assert (not (= next-rip (bvadd origin unsigned))))
(echo "mutant: computed in 32 bits without sign")
(check-sat)
(pop 1)

; 66h truncates rip to 16 bits on one maker's processors.
(push 1)
(assert (in-code target))
(assert (not (in-slot (bvand next-rip #x000000000000ffff) #x0000000000000001)))
(echo "mutant: a branch with 66h")
(check-sat)
(pop 1)
