; RUN: %prove %s
; C5: check_hostcall in runtime/verifier/step.c. The 8 bytes that `call|jmp *%gs:off` loads are one entry of the table in the
; context page, and the index fits the bitmap of struct bh_verify_facts.
(declare-const disp (_ BitVec 32))
(define-fun offset () Word (zext32 disp)) ; uint32_t offset
(define-fun accepted () Bool
  (and (not (bvult offset BH_HOSTCALL_TABLE)) (not (bvuge offset BH_HOSTCALL_TABLE_END))
       (= (bvurem offset #x0000000000000008) #x0000000000000000)))
(define-fun address () Word (bvadd B (sext32 disp)))
(define-fun index () Word (bvudiv (bvsub offset BH_HOSTCALL_TABLE) #x0000000000000008))
(define-fun in-table ((a Word)) Bool
  (inside a #x0000000000000008 (bvadd B BH_HOSTCALL_TABLE) (bvsub BH_HOSTCALL_TABLE_END BH_HOSTCALL_TABLE)))

(push 1)
(assert accepted)
(assert (not (and (in-table address) (= (bvadd (bvadd B BH_HOSTCALL_TABLE) (bvmul index #x0000000000000008)) address)
                  (bvult index BH_HOSTCALL_COUNT))))
(echo "holds: a host call loads one whole entry")
(check-sat)
(pop 1)

(push 1)
(assert (not (and (bvuge BH_HOSTCALL_TABLE (bvadd BH_CONTEXT_OFFSET #x0000000000000010))
                  (bvule BH_HOSTCALL_TABLE_END (bvadd BH_CONTEXT_OFFSET BH_PAGE_SIZE))
                  (= BH_CONTEXT_BASE BH_CONTEXT_OFFSET)
                  (= BH_CONTEXT_TP (bvadd BH_CONTEXT_OFFSET #x0000000000000008))
                  (= (bvmul BH_HOSTCALL_COUNT #x0000000000000008) (bvsub BH_HOSTCALL_TABLE_END BH_HOSTCALL_TABLE)))))
(echo "holds: table, B and thread pointer share the context page")
(check-sat)
(pop 1)

(push 1)
(assert (and (bvuge offset BH_HOSTCALL_TABLE) (bvult offset BH_HOSTCALL_TABLE_END)))
(assert (not (in-table address)))
(echo "mutant: no alignment")
(check-sat)
(pop 1)

(push 1)
(assert (and (bvuge offset BH_HOSTCALL_TABLE) (= (bvurem offset #x0000000000000008) #x0000000000000000)))
(assert (not (in-table address)))
(echo "mutant: no upper bound")
(check-sat)
(pop 1)

(push 1)
(assert (and (bvult offset BH_HOSTCALL_TABLE_END) (= (bvurem offset #x0000000000000008) #x0000000000000000)))
(assert (not (in-table address)))
(echo "mutant: no lower bound")
(check-sat)
(pop 1)
