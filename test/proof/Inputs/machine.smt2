; What the lemmas share: a slot, what surrounds it, and the words in which they speak about addresses. The constants come
; from include/bulkhead/layout.h (see prelude.c). All arithmetic is modulo 2^64, as the processor's.
(define-sort Word () (_ BitVec 64))

; B, the first address of any slot that an engine can reserve: aligned to the slot's size, in the lower half of the
; address space, with room for the margins.
(declare-const B Word)
(assert (= (bvand B (bvsub BH_SLOT_SIZE #x0000000000000001)) #x0000000000000000))
(assert (bvuge B BH_SLOT_SIZE))
(assert (bvule B (bvsub #x0000800000000000 (bvadd BH_SLOT_SIZE BH_SLOT_SIZE))))

; 32-bit registers and displacements.
(define-fun low32 ((x Word)) (_ BitVec 32) ((_ extract 31 0) x))
(define-fun zext32 ((x (_ BitVec 32))) Word ((_ zero_extend 32) x))
(define-fun sext32 ((x (_ BitVec 32))) Word ((_ sign_extend 32) x))

; [a, a+n) lies in [lo, lo+size), nothing wraps.
(define-fun inside ((a Word) (n Word) (lo Word) (size Word)) Bool
  (and (bvule n size) (bvule (bvsub a lo) (bvsub size n))))

(define-fun in-slot ((a Word) (n Word)) Bool (inside a n B BH_SLOT_SIZE))

; The slot with its margins: the 16 MiB before B (the tail of the slot below, or of the reservation) and the 64 KiB after
; B + 4G (the head of the slot above, or the end of the reservation). Neither is ever mapped (P1, P3).
(define-fun contained ((a Word) (n Word)) Bool
  (inside a n (bvsub B BH_TAIL_GUARD_SIZE) (bvadd BH_TAIL_GUARD_SIZE (bvadd BH_SLOT_SIZE BH_NULL_GUARD_SIZE))))

; One byte is in a range that is never mapped: around B, or around B + 4G.
(define-fun never-mapped ((a Word)) Bool
  (or (inside a #x0000000000000001 (bvsub B BH_TAIL_GUARD_SIZE) (bvadd BH_TAIL_GUARD_SIZE BH_NULL_GUARD_SIZE))
      (inside a #x0000000000000001 (bvsub (bvadd B BH_SLOT_SIZE) BH_TAIL_GUARD_SIZE)
              (bvadd BH_TAIL_GUARD_SIZE BH_NULL_GUARD_SIZE))))

; An access of n bytes that certainly faults: operands are shorter than the guards, so looking at both ends is enough.
(define-fun faults ((a Word) (n Word)) Bool
  (or (never-mapped a) (never-mapped (bvadd a (bvsub n #x0000000000000001)))))

; Sizes of memory operands. The table's largest is 32 (ymm); the lemmas have room for a later 64.
(define-fun operand-size ((n Word)) Bool (and (bvuge n #x0000000000000001) (bvule n #x0000000000000040)))

; The invariant of rsp: at most BH_STACK_DISP_MAX + debt outside the slot. debt is what S2 counts.
(define-fun stack-within ((rsp Word) (debt Word)) Bool
  (let ((reach (bvadd BH_STACK_DISP_MAX debt)))
    (bvule (bvsub rsp (bvsub B reach)) (bvadd BH_SLOT_SIZE (bvadd reach reach)))))

; |c| <= limit, as signed numbers.
(define-fun bounded ((c Word) (limit Word)) Bool (and (bvsle c limit) (bvsge c (bvneg limit))))
(define-fun abs ((c Word)) Word (ite (bvslt c #x0000000000000000) (bvneg c) c))
