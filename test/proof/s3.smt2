; RUN: %prove %s
; S3: whatever the first instruction writes to esp, it writes 32 bits and the processor clears the rest; adding B puts rsp
; into the slot, with no debt. In the second form R holds B from the movq before and %S is any register, R among them.
(declare-const old Word)     ; rsp before
(declare-const result (_ BitVec 32)) ; what movl, leal, andl, subl or addl computes
(declare-const s Word)
(define-fun first-form () Word (bvadd (zext32 result) B))              ; op ...,%esp; addq %gs:0x10000,%rsp
(define-fun second-form ((source Word)) Word (bvadd (zext32 (low32 source)) B)) ; movl %eS,%esp; leaq (%rsp,%rX),%rsp
(define-fun good ((rsp Word)) Bool (and (in-slot rsp #x0000000000000001) (stack-within rsp #x0000000000000000)))

(push 1)
(assert (not (good first-form)))
(echo "holds: op ...,%esp and addq put rsp into the slot")
(check-sat)
(pop 1)

(push 1)
(assert (not (and (good (second-form s)) (good (second-form B)))))
(echo "holds: so do movl and leaq, also when S is R")
(check-sat)
(pop 1)

; An address in the slot keeps its value: saving and restoring rsp through S3 (longjmp) gives the same rsp.
(push 1)
(assert (in-slot s #x0000000000000001))
(assert (not (= (second-form s) s)))
(echo "holds: an rsp in the slot survives")
(check-sat)
(pop 1)

(push 1)
(assert (not (good (zext32 result))))
(echo "mutant: no addq")
(check-sat)
(pop 1)

(push 1)
(assert (not (good (bvadd s B))))
(echo "mutant: REX.W, 64 bits are written")
(check-sat)
(pop 1)

(push 1)
(assert (not (good (bvadd (concat ((_ extract 63 16) old) ((_ extract 15 0) s)) B))))
(echo "mutant: 66h, 16 bits are written and the rest is kept")
(check-sat)
(pop 1)

(push 1)
(assert (good old))
(assert (not (good (bvadd old B))))
(echo "mutant: entered at the addq")
(check-sat)
(pop 1)

(push 1)
(assert (not (good (bvadd (zext32 (low32 s)) old))))
(echo "mutant: R is rsp")
(check-sat)
(pop 1)
