; RUN: %prove %s
; bh_verify_scratch_size and how bh_verify_code uses it: three bitmaps of size / 32 + 1 words of 32 bits. Every word that the
; walk writes lies in its bitmap, the caller's size_t does not overflow, and reading the last instructions ends in the copy.
(declare-const size Word)
(declare-const offset Word)
(assert (bvule size #x00000000ffffffff)) ; arguments_valid
(define-fun one () Word #x0000000000000001)
(define-fun words () Word (bvadd (bvudiv size BH_BUNDLE_SIZE) one))
(define-fun scratch () Word (bvmul (bvmul words #x0000000000000003) #x0000000000000004))

(push 1)
(assert (bvult offset size))
(assert (not (and (bvult (bvudiv offset BH_BUNDLE_SIZE) words) (bvult scratch #x0000000200000000)
                  (= (bvudiv (bvudiv scratch #x0000000000000004) #x0000000000000003) words))))
(echo "holds: each instruction's bit lies in its bitmap")
(check-sat)
(pop 1)

; targets_legal runs over (size + 31) / 32 words.
(push 1)
(assert (not (bvule (bvudiv (bvadd size (bvsub BH_BUNDLE_SIZE one)) BH_BUNDLE_SIZE) words)))
(echo "holds: the comparison of the bitmaps stays inside them")
(check-sat)
(pop 1)

; For any size_t at all the sum does not wrap to something small.
(push 1)
(declare-const any Word)
(define-fun any-words () Word (bvadd (bvudiv any BH_BUNDLE_SIZE) one))
(assert (not (bvuge (bvmul any-words #x000000000000000c) any-words)))
(echo "holds: bh_verify_scratch_size does not wrap")
(check-sat)
(pop 1)

; core.c: TAIL_WINDOW = 2 bundles, BH_STEP_WINDOW = 40, a group is 8 bundles; the copy holds TAIL_WINDOW + 2 groups. An
; instruction starts in a bundle; bh_verify_step looks at most a window ahead of it. The automaton reads whole groups.
(define-fun window () Word #x0000000000000028)
(define-fun tail-window () Word (bvadd BH_BUNDLE_SIZE BH_BUNDLE_SIZE))
(define-fun group-size () Word (bvmul #x0000000000000008 BH_BUNDLE_SIZE))
(define-fun tail-size () Word (bvadd tail-window (bvadd group-size group-size)))
(define-fun tail-start () Word
  (ite (bvugt size tail-window)
       (bvmul (bvudiv (bvsub size tail-window) group-size) group-size) #x0000000000000000))
(define-fun bundle () Word (bvmul (bvudiv offset BH_BUNDLE_SIZE) BH_BUNDLE_SIZE))
(define-fun group () Word (bvmul (bvudiv offset group-size) group-size))
(push 1)
(assert (bvult offset size))
(assert (not (and (bvule (bvsub size tail-start) tail-size)
                  (ite (bvuge bundle tail-start)
                       (bvule (bvadd (bvsub offset tail-start) window) tail-size)
                       (bvule (bvadd offset window) size)))))
(echo "holds: reading ahead ends in the code or in the copy of its tail")
(check-sat)
(pop 1)

(push 1)
(assert (bvult offset size))
(assert (not (ite (bvuge group tail-start)
                  (bvule (bvadd (bvsub group tail-start) group-size) tail-size)
                  (bvule (bvadd group group-size) size))))
(echo "holds: the automaton reads in the code or in the copy of its tail")
(check-sat)
(pop 1)

(push 1)
(assert (bvult offset size))
(assert (not (bvult (bvudiv offset BH_BUNDLE_SIZE) (bvudiv size BH_BUNDLE_SIZE))))
(echo "mutant: size / 32 words without the one more")
(check-sat)
(pop 1)

(push 1)
(assert (bvult offset size))
(assert (not (bvule (bvadd offset window) size)))
(echo "mutant: no copy of the tail")
(check-sat)
(pop 1)

(push 1)
(declare-const huge Word)
(assert (bvult (bvmul (bvadd huge one) #x000000000000000c) huge))
(echo "mutant: a word for each byte wraps")
(check-sat)
(pop 1)
