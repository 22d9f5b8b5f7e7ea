; RUN: %prove %s
; M1, `%gs:disp(%e<base>,%e<index>,scale)`: 67h cuts the effective address to 32 bits, the GS base B is added. Whatever the
; registers hold, the operand begins in the slot; only its later bytes can lie behind the slot, and then its first byte is in
; the tail that is never mapped. An absent base or index is a register that holds 0.
(declare-const base Word)
(declare-const index Word)
(declare-const scale Word)
(declare-const disp (_ BitVec 32))
(declare-const size Word)
(assert (bvule scale #x0000000000000003))
(assert (operand-size size))

(define-fun offset () Word (bvadd (bvadd base (bvshl index scale)) (sext32 disp)))
(define-fun address () Word (bvadd B (zext32 (low32 offset))))

(push 1)
(assert (not (and (in-slot address #x0000000000000001) (contained address size))))
(echo "holds: M1 begins in the slot and stays in slot and margins")
(check-sat)
(pop 1)

(push 1)
(assert (not (=> (not (in-slot address size)) (never-mapped address))))
(echo "holds: M1 that reaches behind the slot faults at its first byte")
(check-sat)
(pop 1)

; A processor that wrapped each byte's address to 32 bits before adding B would stay in the slot all the more.
(push 1)
(declare-const byte Word)
(assert (bvult byte size))
(assert (not (in-slot (bvadd B (zext32 (low32 (bvadd offset byte)))) #x0000000000000001)))
(echo "holds: M1 with every byte wrapped to 32 bits is in the slot")
(check-sat)
(pop 1)

(push 1)
(assert (not (contained (bvadd B offset) size)))
(echo "mutant: no 67h, 64-bit registers")
(check-sat)
(pop 1)

(push 1)
(assert (not (contained (zext32 (low32 offset)) size)))
(echo "mutant: 67h without GS")
(check-sat)
(pop 1)

(push 1)
(assert (not (contained (bvadd B (sext32 (low32 offset))) size)))
(echo "mutant: the 32-bit address is extended with its sign")
(check-sat)
(pop 1)

(push 1)
(declare-const forged Word)
(assert (not (contained (bvadd forged (zext32 (low32 offset))) size)))
(echo "mutant: the GS base is the guest's to choose")
(check-sat)
(pop 1)
