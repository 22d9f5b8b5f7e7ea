/* See step.h. The rules for one instruction or one sequence, in the order in which they are applied.
 *
 * At every instruction each memory operand is confined by itself (M1, M2, M4) or by rsp (M3), and rsp is confined by
 * S1-S3.
 */
#include "step.h"

#include "broken.h"
#include "decode.h"
#include "sequence.h"

_Static_assert((int)BH_STEP_WINDOW >= (int)BH_DECODE_WINDOW, "the decoder reads in the window");
_Static_assert((int)SEQUENCE_WINDOW <= (int)BH_DECODE_WINDOW, "sequences are matched in the decoder's window");

enum { RSP = 4 };

void bh_verify_refuse(struct verifier *v, const struct place *at, unsigned length, const char *rule, const char *reason,
                      uint64_t target) {
    if (v->stop)
        return;
    v->refusals++;
    if (v->in->limit && v->refusals >= v->in->limit)
        v->stop = true;
    if (!v->in->report)
        return;
    struct bh_verify_refusal refusal = {
        .address = v->in->address + at->offset,
        .length = length ? length : 1,
        .rule = rule,
        .reason = reason,
        .bundle = (v->in->address + at->offset) & ~(uint64_t)(BH_BUNDLE_SIZE - 1),
        .target = target,
    };
    v->in->report(v->in->report_context, &refusal);
}

static void refuse(struct verifier *v, const struct place *at, unsigned length, const char *rule, const char *reason) {
    if (!v->targets_only)
        bh_verify_refuse(v, at, length, rule, reason, 0);
}

/* ---- prefixes ---------------------------------------------------------------------------------------------------- */

/* The prefixes that an instruction may have; everything else is stray. */
static unsigned allowed_prefixes(const struct insn *in) {
    const struct bh_entry *e = in->entry;
    bool memory = insn_has_memory(in) && e->mem != BH_MEM_NONE;
    unsigned allowed = 0;
    if (e->cls == BH_CLASS_JUMP || e->cls == BH_CLASS_CALL)
        return 0;
    if (memory)
        allowed |= e->mem == BH_MEM_ADDRESS ? PREFIX_67 : PREFIX_67 | PREFIX_GS;
    else if (e->cls != BH_CLASS_STRING)
        allowed |= PREFIX_CS;
    if (memory && (e->flags & BH_LOCKABLE))
        allowed |= PREFIX_LOCK;
    if (in->vex)
        return allowed;
    if (in->prefix & PREFIX_F3) /* the table's slot was chosen by one of the three, so it is not stray */
        allowed |= PREFIX_F3;
    else if (in->prefix & PREFIX_F2)
        allowed |= PREFIX_F2;
    else
        allowed |= PREFIX_66;
    if (e->flags & BH_OPSIZE)
        allowed |= PREFIX_66;
    return allowed;
}

static const char *stray_prefix(unsigned stray) {
    if (stray & PREFIX_REX_MOVED)
        return "a REX prefix must be the last prefix";
    if (stray & PREFIX_FS)
        return "the FS segment belongs to the host";
    if (stray & PREFIX_REPEATED)
        return "a prefix is repeated";
    if (stray & (PREFIX_CS | PREFIX_CS_LATE))
        return "redundant 2Eh prefixes are only accepted at the start of an instruction without memory operand that is "
               "no branch";
    if (stray & PREFIX_LOCK)
        return "LOCK is not accepted on this instruction";
    if (stray & (PREFIX_GS | PREFIX_SEGMENT))
        return "a segment prefix is not accepted on this instruction";
    if (stray & PREFIX_67)
        return "an address-size prefix is not accepted on this instruction";
    return "a 66h, F2h or F3h prefix is not accepted on this instruction";
}

static bool check_prefixes(struct verifier *v, const struct place *at, const struct insn *in) {
    const struct bh_entry *e = in->entry;
    if (!in->prefix && !in->rex)
        return true;
    unsigned stray = in->prefix & ~allowed_prefixes(in);
    /* Linkers produce 67 e8; it means the same as e8. */
    if (stray == PREFIX_67 && e->cls == BH_CLASS_CALL && !broken(in->rex != 0))
        stray = 0;
    if (broken(stray != 0)) {
        refuse(v, at, in->length, stray & PREFIX_FS ? "memory" : "prefix", stray_prefix(stray));
        return false;
    }
    if (broken(in->cs_count > BH_PADDING_PREFIX_MAX)) {
        refuse(v, at, in->length, "prefix", "more than four redundant 2Eh prefixes");
        return false;
    }
    if (broken((e->flags & BH_OPSIZE) && (in->prefix & PREFIX_66) && (in->rex & REX_W))) {
        refuse(v, at, in->length, "prefix", "66h and REX.W contradict each other");
        return false;
    }
    bool branch = e->cls == BH_CLASS_JUMP || e->cls == BH_CLASS_CALL;
    unsigned stray_rex = branch || e->flags & BH_NO_REX ? REX_W | REX_R | REX_X | REX_B
                         : e->flags & BH_NO_REX_W       ? REX_W
                                                        : 0;
    if (broken((in->rex & stray_rex) != 0)) {
        refuse(v, at, in->length, "prefix",
               "this instruction may have no REX prefix but 40h (clwb and clflushopt: no REX.W)");
        return false;
    }
    return true;
}

/* 90, 66 90 and 0F 1F /0, before them any number of 66h and then at most one 2Eh; or 2Eh padding before 90 and 66 90.
 */
static bool check_nop(struct verifier *v, const struct place *at, const struct insn *in) {
    const uint8_t *p = at->code;
    unsigned cs = 0;
    if (in->opcode == 0x90)
        while (*p == 0x2E)
            p++, cs++;
    if (!cs) {
        while (*p == 0x66)
            p++;
        if (*p == 0x2E)
            p++;
    } else if (*p == 0x66) {
        p++;
    }
    if ((*p & 0xF0) == 0x40)
        p++;
    if (broken(*p != 0x90 && *p != 0x0F) || broken(cs > BH_PADDING_PREFIX_MAX)) {
        refuse(v, at, in->length, "prefix", "a nop is 90, 66 90 or 0F 1F /0, before them 66h prefixes and one 2Eh");
        return false;
    }
    return true;
}

/* ---- memory operands --------------------------------------------------------------------------------------------- */

static uint64_t operand_size(const struct insn *in) {
    bool w = in->rex & REX_W;
    unsigned l = in->vex_l ? 32 : 16;
    switch (in->entry->size) {
    case BH_SIZE_V: return w ? 8 : in->prefix & PREFIX_66 ? 2 : 4;
    case BH_SIZE_S: return w ? 8 : 4;
    case BH_SIZE_C: return w ? 16 : 8;
    case BH_SIZE_L: return l;
    case BH_SIZE_H: return l / 2;
    case BH_SIZE_F: return l / 4;
    case BH_SIZE_E: return l / 8;
    default: return in->entry->size;
    }
}

static bool check_m2(struct verifier *v, const struct place *at, const struct insn *in) {
    int64_t first = (int64_t)(v->in->address + at->offset + in->length) + in->disp;
    int64_t end = first + (int64_t)operand_size(in);
    if (broken(first < (int64_t)v->in->image_lo) || broken(end > (int64_t)v->in->image_hi)) {
        if (!v->targets_only)
            bh_verify_refuse(v, at, in->length, "M2", "the operand is not wholly inside the image", (uint64_t)first);
        return false;
    }
    return true;
}

/* One ModRM memory operand that is accessed. strict: M1-M3 also for loads under stores-only isolation. Sets *touches
 * when it goes through rsp (M3). */
static bool check_memory(struct verifier *v, const struct place *at, const struct insn *in, bool strict,
                         bool *touches) {
    bool free_load = v->in->isolation == BH_ISOLATE_STORES && in->entry->mem == BH_MEM_LOAD && !strict;
    bool rip = insn_mod(in) == 0 && (in->modrm & 7) == 5;
    const char *rule = "M1", *reason;
    if (in->prefix & PREFIX_GS && in->prefix & PREFIX_67) {
        if (!broken(rip) || free_load)
            return true;
        reason = "a %gs: operand cannot be RIP-relative";
    } else if (in->prefix & PREFIX_GS) {
        bool absolute = insn_mod(in) == 0 && (in->modrm & 7) == 4 && in->sib == 0x25 && !broken((in->rex & REX_X) != 0);
        if ((absolute && !broken(in->disp < 0)) || free_load)
            return true;
        reason = absolute ? "a %gs: operand without registers needs a displacement that is not negative"
                          : "a %gs: operand with registers needs the address-size prefix 67h";
    } else if (in->prefix & PREFIX_67) {
        if (free_load)
            return true;
        rule = rip ? "M2" : "M1";
        reason = rip ? "a RIP-relative operand with 67h leads to low memory" : "an operand with 67h needs %gs: too";
    } else if (rip) {
        return free_load || check_m2(v, at, in);
    } else if ((in->modrm & 7) == 4 && (in->sib & 7) == RSP && !broken((in->rex & REX_B) != 0) &&
               (in->sib >> 3 & 7) == 4 && !broken((in->rex & REX_X) != 0)) {
        if (!broken(in->disp > BH_STACK_DISP_MAX) && !broken(in->disp < -BH_STACK_DISP_MAX)) {
            *touches = !broken((in->entry->flags & BH_NO_TOUCH) != 0);
            return true;
        }
        if (free_load)
            return true;
        rule = "M3";
        reason = "the displacement from rsp is beyond 16 KiB: write the operand as %gs:disp(%esp)";
    } else {
        if (free_load)
            return true;
        reason = "the operand is not confined: write it as %gs:disp(%e<base>,%e<index>,scale)";
    }
    refuse(v, at, in->length, rule, reason);
    return false;
}

/* ---- the stack pointer ------------------------------------------------------------------------------------------- */

static bool writes_rsp(const struct insn *in) {
    unsigned flags = in->entry->flags;
    bool hit = (flags & BH_WRITES_REG && insn_reg(in) == RSP) || (flags & BH_WRITES_VVVV && in->vvvv == RSP) ||
               (flags & BH_WRITES_OPC && insn_opc(in) == RSP) ||
               (flags & BH_WRITES_RM && insn_mod(in) == 3 && insn_rm(in) == RSP);
    return hit && !(flags & BH_WRITES_BYTE && !broken(in->rex != 0));
}

/* S1: add, sub or lea of a constant. Books it as debt. */
static bool check_constant(struct verifier *v, const struct place *at, const struct insn *in) {
    int64_t constant = in->entry->sp == BH_SP_LEA ? in->disp : in->imm;
    if (broken(constant > BH_STACK_DISP_MAX) || broken(constant < -BH_STACK_DISP_MAX)) {
        refuse(v, at, in->length, "S1", "rsp changes by more than 16 KiB: use a sequence S3");
        return false;
    }
    v->debt += (uint32_t)(constant < 0 ? -constant : constant);
    if (broken(v->debt > BH_STACK_DISP_MAX)) {
        refuse(v, at, in->length, "S2",
               "constants of more than 16 KiB in all are added to rsp before the stack is touched");
        v->debt = 0;
        return false;
    }
    return true;
}

static bool is_s1(const struct insn *in) {
    if (in->entry->sp == BH_SP_NO || in->entry->sp == BH_SP_S3 || broken(!(in->rex & REX_W)) ||
        broken((in->prefix & PREFIX_67) != 0))
        return false;
    if (in->entry->sp != BH_SP_LEA)
        return true;
    return insn_mod(in) != 3 && (in->modrm & 7) == 4 && !broken((in->sib & 7) != RSP) &&
           !broken((in->rex & REX_B) != 0) && !broken((in->sib >> 3 & 7) != 4) && !broken((in->rex & REX_X) != 0);
}

/* The first instruction of S3: writes esp from registers or immediates, or is movl M1|M2|M3,%esp. */
static bool is_s3_head(const struct insn *in) {
    const struct bh_entry *e = in->entry;
    if (e->sp == BH_SP_NO || broken((in->rex & REX_W) != 0) || broken(in->rex == 0x40) ||
        broken((in->prefix & (PREFIX_66 | PREFIX_CS)) != 0))
        return false;
    return !(insn_has_memory(in) && e->mem != BH_MEM_ADDRESS) || !broken(in->opcode != 0x8B);
}

/* An instruction that writes rsp. Returns the length of what was recognised: the instruction (S1), the
 * sequence (S3), or 0. */
static unsigned check_rsp(struct verifier *v, const struct place *at, const struct insn *in) {
    bool touches = false;
    if (is_s1(in))
        return check_constant(v, at, in) ? in->length : 0;
    unsigned tail = is_s3_head(in) ? bh_match_rsp_confined(at->code + in->length) : 0;
    if (!tail) {
        refuse(v, at, in->length, in->entry->sp == BH_SP_NO ? "S1" : "S3",
               "rsp is written: only push, pop, call, constants (S1) and `op ...,%esp; addq %gs:0x10000,%rsp` (S3) may "
               "do so");
        return 0;
    }
    if (broken(in->length + tail > at->room)) {
        refuse(v, at, in->length + tail, "C1", "the sequence (S3) crosses a bundle boundary");
        return 0;
    }
    if (insn_has_memory(in) && in->entry->mem != BH_MEM_ADDRESS)
        check_memory(v, at, in, true, &touches);
    v->debt = 0;
    return in->length + tail;
}

/* ---- control flow ------------------------------------------------------------------------------------------------ */

static bool test_bit(const uint32_t *map, size_t bit) { return map[bit / 32] >> (bit % 32) & 1; }

static void check_settled(struct verifier *v, const struct place *at, unsigned length) {
    if (broken(v->debt != 0))
        refuse(v, at, length, "S2",
               "rsp was changed by a constant and not touched (push, pop, call, M3) before this jump");
    v->debt = 0;
}

bool bh_verify_note_target(struct verifier *v, uint64_t target) {
    if (broken(target < v->target_lo) || broken(target >= v->target_hi))
        return false;
    size_t bit = (size_t)(target - v->in->address);
    v->targets[bit / 32] |= 1u << (bit % 32);
    return true;
}

static void check_branch(struct verifier *v, const struct place *at, const struct insn *in) {
    uint64_t target = v->in->address + at->offset + in->length + (uint64_t)(int64_t)in->imm;
    v->facts->branches++;
    if (!bh_verify_note_target(v, target)) {
        if (!v->targets_only)
            bh_verify_refuse(v, at, in->length, "C2", "the branch leads out of the module's code", target);
        return;
    }
    size_t bit = (size_t)(target - v->in->address);
    if (v->targets_only && !test_bit(v->starts, bit))
        bh_verify_refuse(v, at, in->length, "C2",
                         test_bit(v->interior, bit) ? "the branch leads into the middle of a sequence"
                                                    : "the branch does not lead to the start of an instruction",
                         target);
}

/* FF /2 and FF /4 that are not the end of a sequence: only host calls, `call|jmp *%gs:off`. */
static bool check_hostcall(struct verifier *v, const struct place *at, const struct insn *in) {
    const uint8_t *p = at->code;
    if (p[0] != 0x65 || p[1] != 0xFF || (p[2] != 0x14 && p[2] != 0x24) || p[3] != 0x25) {
        refuse(v, at, in->length, "C3",
               "an indirect branch is `andl $-32,%eR; addq %gs:0x10000,%R; jmp|call *%R` or a host call (C5)");
        return false;
    }
    uint32_t offset = (uint32_t)load_i32(p + 4);
    if (broken(offset < BH_HOSTCALL_TABLE) || broken(offset >= BH_HOSTCALL_TABLE_END) || broken(offset % 8 != 0)) {
        refuse(v, at, in->length, "C5", "the operand is not an entry of the table of host calls");
        return false;
    }
    unsigned index = (offset - BH_HOSTCALL_TABLE) / 8;
    v->facts->hostcall[index / 64] |= (uint64_t)1 << (index % 64);
    v->facts->facts |= BH_FACT_HOSTCALL;
    if (p[2] == 0x24)
        check_settled(v, at, in->length);
    v->debt = 0;
    return true;
}

/* ---- one instruction --------------------------------------------------------------------------------------------- */

/* Accepts a string instruction outside M4, which only loads under stores-only isolation may be. */
static bool check_lone_string(struct verifier *v, const struct place *at, const struct insn *in) {
    struct string_insn s = bh_match_string(at->code, v->in->isolation);
    if (s.length && !broken(s.must != 0))
        return true;
    refuse(v, at, in->length, "M4",
           "a string instruction must end a sequence that confines each register it uses for memory");
    return false;
}

static void count(struct verifier *v, const struct insn *in) {
    struct bh_verify_facts *facts = v->facts;
    switch (in->entry->cls) {
    case BH_CLASS_NOP:
        facts->nops++;
        facts->nop_bytes += in->length;
        break;
    case BH_CLASS_INT3: facts->fill_bytes += in->length; break;
    case BH_CLASS_TRAP:
        if (in->opcode == 0xF4) {
            facts->fill_bytes += in->length;
            break;
        }
        /* fall through */
    default: facts->instructions++; facts->prefix_bytes += in->cs_count;
    }
    facts->facts |= in->entry->facts;
    if (in->vex_l && in->entry->facts & BH_FACT_AVX && in->opcode != 0x77)
        facts->facts |= BH_FACT_UPPER;
}

/* 49 90 and the like: xchg with r8, not a nop. */
static bool is_nop(const struct insn *in) {
    return in->entry->cls == BH_CLASS_NOP && !(in->opcode == 0x90 && in->rex & REX_B);
}

/* Everything about an instruction that is known, complete and not part of a sequence. Returns the length of what was
 * accepted (S3 is longer than the instruction), or 0 after a refusal. */
static unsigned check_instruction(struct verifier *v, const struct place *at, const struct insn *in) {
    const struct bh_entry *e = in->entry;
    bool touches = e->flags & BH_STACK;
    unsigned length = in->length;
    if (e->cls == BH_CLASS_REFUSED) {
        refuse(v, at, length, bh_reasons[e->reason].rule, bh_reasons[e->reason].text);
        return 0;
    }
    if (e->cls == BH_CLASS_INDIRECT)
        return check_hostcall(v, at, in) ? length : 0;
    if (e->cls == BH_CLASS_STRING)
        return check_lone_string(v, at, in) ? length : 0;
    if (is_nop(in))
        return check_nop(v, at, in) ? length : 0;
    if (!check_prefixes(v, at, in))
        return 0;
    if (in->vex && broken(!(e->flags & BH_USES_VVVV) && in->vvvv != 0)) {
        refuse(v, at, length, "allow-list", "VEX.vvvv must be 1111b: this instruction does not use it");
        return 0;
    }
    if (insn_has_memory(in) && e->mem >= BH_MEM_LOAD && !writes_rsp(in) && !check_memory(v, at, in, false, &touches))
        return 0;
    if (e->flags & (BH_WRITES_REG | BH_WRITES_RM | BH_WRITES_VVVV | BH_WRITES_OPC) && writes_rsp(in))
        return check_rsp(v, at, in);
    if (e->cls == BH_CLASS_JUMP) {
        check_settled(v, at, length);
        check_branch(v, at, in);
    } else if (e->cls == BH_CLASS_CALL) {
        check_branch(v, at, in);
        touches = true;
    } else if (e->cls == BH_CLASS_TRAP) {
        touches = true; /* execution does not go on behind it */
    }
    if (touches)
        v->debt = 0;
    return length;
}

/* A sequence that starts here, if one does: its length, or 0. M4, C3, C4 and the moved form of S3. */
static unsigned check_sequence(struct verifier *v, const struct place *at) {
    struct sequence s = bh_match_sequence(at->code, v->in->isolation);
    bool s3 = !s.length && (s.length = bh_match_rsp_moved(at->code)) != 0;
    if (!s.length)
        return 0;
    if (broken(s.length > at->room)) {
        /* A pop just before a bundle boundary may be followed by C3 on its own. */
        if (s.rule && s.rule[1] == '4' && s.rule[0] == 'C')
            return 0;
        refuse(v, at, s.length, "C1", "the sequence crosses a bundle boundary");
        return s.length;
    }
    if (s.jump)
        check_settled(v, at, s.length);
    if (s.stack || s3)
        v->debt = 0;
    return s.length;
}

/* Refuses what could not be decoded, or not completely. Returns how many bytes to skip: to the end of the bundle. */
static unsigned refuse_unknown(struct verifier *v, const struct place *at, const struct insn *in) {
    bool cut = at->offset + in->seen > v->in->size;
    if (cut)
        refuse(v, at, at->room, "truncated", "the code ends in the middle of an instruction");
    else if (in->prefix & PREFIX_REX_MOVED)
        refuse(v, at, 1, "prefix", stray_prefix(PREFIX_REX_MOVED));
    else if (in->entry)
        refuse(v, at, 1, "allow-list", "the instruction is longer than 15 bytes");
    else
        refuse(v, at, 1, "allow-list", "the instruction is not in the table of accepted instructions");
    return at->room;
}

/* Verifies what starts here; returns its length. Marks interiors of sequences. */
unsigned bh_verify_step(struct verifier *v, const struct place *at) {
    struct insn in;
    unsigned length;
    decode(&in, at->code);
    if (broken(!in.entry) || broken(in.length > BH_MAX_LENGTH) || broken(at->offset + in.length > v->in->size)) {
        v->debt = 0;
        return refuse_unknown(v, at, &in);
    }
    if (in.entry->flags & BH_SEQ_HEAD && (length = check_sequence(v, at)) != 0) {
        v->facts->sequences++;
        v->facts->instructions++;
        v->interior[at->offset / 32] |= (uint32_t)(((uint64_t)1 << length) - 2) << (at->offset % 32);
        return length;
    }
    if (broken(in.length > at->room)) {
        refuse(v, at, in.length, "C1", "the instruction crosses a bundle boundary");
        return in.length;
    }
    length = check_instruction(v, at, &in);
    if (length > in.length) {
        v->facts->sequences++;
        v->interior[at->offset / 32] |= (uint32_t)(((uint64_t)1 << length) - 2) << (at->offset % 32);
    }
    count(v, &in);
    if (length)
        return length;
    /* Where makers or the table leave the length open, go on at the next bundle. */
    return in.entry->cls == BH_CLASS_REFUSED && !strcmp(bh_reasons[in.entry->reason].rule, "decoder") ? at->room
                                                                                                      : in.length;
}

unsigned bh_verify_length(const uint8_t *code, size_t size) {
    uint8_t window[BH_DECODE_WINDOW] = {0};
    struct insn in;
    memcpy(window, code, size < sizeof window ? size : sizeof window);
    decode(&in, window);
    return in.length <= size && in.length <= BH_MAX_LENGTH ? in.length : 0;
}
