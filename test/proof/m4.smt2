; RUN: %prove %s
; M4: both forms of the confining sequence leave B + uint32(register) in rdi (rsi).
(declare-const rdi Word)
(declare-const size Word)
(assert (operand-size size))
(define-fun truncated () Word (zext32 (low32 rdi)))            ; movl %edi,%edi
(define-fun by-add () Word (bvadd truncated B))                ; addq %gs:0x10000,%rdi, where B lies
(define-fun by-lea () Word (bvadd B (bvshl truncated #x0000000000000000))) ; leaq (%R,%rdi),%rdi with R = B, scale 1

(push 1)
(assert (not (and (in-slot by-add #x0000000000000001) (contained by-add size) (= by-add by-lea))))
(echo "holds: M4 confines its register, in both forms alike")
(check-sat)
(pop 1)

(push 1)
(assert (not (contained truncated size)))
(echo "mutant: no addq")
(check-sat)
(pop 1)

(push 1)
(assert (not (contained (bvadd rdi B) size)))
(echo "mutant: no movl, or one with REX.W")
(check-sat)
(pop 1)

(push 1)
(assert (not (contained (bvadd B (bvshl truncated #x0000000000000003)) size)))
(echo "mutant: leaq with scale 8")
(check-sat)
(pop 1)

(push 1)
(assert (not (contained (zext32 (low32 by-add)) size)))
(echo "mutant: the string instruction has 67h and drops B again")
(check-sat)
(pop 1)

(push 1)
(declare-const R Word)
(assert (not (contained (bvadd R truncated) size)))
(echo "mutant: R does not hold B any more")
(check-sat)
(pop 1)
