; RUN: %prove %s
; M2, `disp32(%rip)`: check_m2 in runtime/verifier/step.c computes first and end in signed 64 bits, from image-relative
; addresses; the processor adds to the real rip modulo 2^64. The operand lies in the image, thus in the slot below the tail.
(declare-const at Word)       ; image-relative address of the instruction: in->address + at->offset
(declare-const length Word)
(declare-const disp (_ BitVec 32))
(declare-const size Word)
(declare-const image_lo Word)
(declare-const image_hi Word)
(assert (operand-size size))
(assert (bvule length #x000000000000000f))
; arguments_valid: address and size of the code are below 2^32 each.
(assert (bvult at #x0000000200000000))
; elf.c: the segments lie below IMAGE_LIMIT (elf_parser.h), which is a multiple of the page.
(define-fun IMAGE_LIMIT () Word (bvsub (bvsub BH_SLOT_SIZE BH_TAIL_GUARD_SIZE) BH_IMAGE_OFFSET))
(assert (bvule image_lo image_hi))
(assert (bvule image_hi IMAGE_LIMIT))

(define-fun first () Word (bvadd (bvadd at length) (sext32 disp)))
(define-fun end () Word (bvadd first size))
(define-fun accepted () Bool (and (not (bvslt first image_lo)) (not (bvsgt end image_hi))))

(define-fun rip () Word (bvadd (bvadd B BH_IMAGE_OFFSET) (bvadd at length)))
(define-fun address () Word (bvadd rip (sext32 disp)))
(define-fun in-image ((a Word)) Bool
  (inside a size (bvadd (bvadd B BH_IMAGE_OFFSET) image_lo) (bvsub image_hi image_lo)))

(push 1)
(assert accepted)
(assert (not (and (in-image address) (in-slot address size) (not (faults address size)))))
(echo "holds: an accepted M2 lies in the image and in the slot, clear of the guards")
(check-sat)
(pop 1)

; first and end are signed sums that do not overflow: 65 bits give the same.
(push 1)
(define-fun wide ((x Word)) (_ BitVec 65) ((_ sign_extend 1) x))
(assert (not (and (= (wide first) (bvadd (wide (bvadd at length)) (wide (sext32 disp))))
                  (= (wide end) (bvadd (wide first) (wide size))))))
(echo "holds: check_m2 does not overflow")
(check-sat)
(pop 1)

(push 1)
(assert (and (bvuge (zext32 (low32 first)) image_lo) (bvule (zext32 (low32 end)) image_hi)))
(assert (not (in-image address)))
(echo "mutant: computed in 32 bits")
(check-sat)
(pop 1)

(push 1)
(assert (not (bvslt first image_lo)))
(assert (bvsle (bvadd first #x0000000000000001) image_hi))
(assert (not (in-image address)))
(echo "mutant: only the first byte is checked")
(check-sat)
(pop 1)

(push 1)
(assert accepted)
(assert (not (contained (zext32 (low32 address)) size)))
(echo "mutant: 67h, an EIP-relative address")
(check-sat)
(pop 1)

(push 1)
(define-fun early () Word (bvadd at (sext32 disp)))
(assert (and (not (bvslt early image_lo)) (not (bvsgt (bvadd early size) image_hi))))
(assert (not (in-image address)))
(echo "mutant: relative to the instruction's start, not its end")
(check-sat)
(pop 1)
