/* ModRM, SIB, displacement and immediate: the forms that an opcode can take. */
#include <string.h>

#include "agreement.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* Bases: rax (and others without meaning), rsp or r12, rbp or r13 or none. Indices: none (or r12), rax, rbp. Scales. */
static const uint8_t sibs[] = {0x24, 0x25, 0x64, 0x20, 0x00, 0x05, 0x04, 0x2C, 0xE4, 0xC5, 0xE5, 0x3F};
static const int32_t near[] = {0x10, 0, 8, 0x7F, -0x80};
static const int32_t far[] = {0x10, 0, 0x10100, 16384, 16385, -16384, -16385, 0x10FF8, 0x10104, 0x11000, -1, INT32_MAX, INT32_MIN};
static const int32_t rip[] = {RIP_DISP, RIP_DISP + 3, -0x800, RIP_DISP, RIP_DISP, 0x7FFFF000};
static const uint64_t immediates[] = {0, 1, 0x7F, 0x80, UINT64_MAX, 16384, 16385, (uint64_t)-16384, (uint64_t)-16385,
                                      0xF4F4F4F4F4F4F4F4, 0x0123456789ABCDEF};

void append(struct head *h, uint8_t byte)
{
    if (h->size < sizeof h->bytes)
        h->bytes[h->size++] = byte;
}

/* The bytes are known up to n; how long the immediate is only the verifier's table says. */
static bool complete(uint8_t *bytes, unsigned n, uint64_t imm)
{
    memcpy(bytes + n, &imm, sizeof imm);
    unsigned length = bh_verify_length(bytes, n + 8);
    return try_insn(bytes, length ? length : n);
}

bool try_form(const struct head *h, uint8_t modrm, uint8_t sib, int32_t disp, uint64_t imm)
{
    uint8_t bytes[48];
    unsigned n = h->size, mod = modrm >> 6;
    memcpy(bytes, h->bytes, n);
    if (h->modrm) {
        bytes[n++] = modrm;
        if (mod != 3 && (modrm & 7) == 4) {
            bytes[n++] = sib;
            if (mod == 0 && (sib & 7) == 5)
                mod = 2;
        } else if (mod == 0 && (modrm & 7) == 5) {
            mod = 2;
        }
        unsigned disp_size = mod == 1 ? 1 : mod == 2 ? 4 : 0;
        memcpy(bytes + n, &disp, disp_size);
        n += disp_size;
    }
    return complete(bytes, n, imm);
}

static int32_t displacement(uint8_t modrm, uint64_t h)
{
    if ((modrm & 0xC7) == 5)
        return rip[h % COUNT(rip)];
    return modrm >> 6 == 1 ? near[h % COUNT(near)] : far[h % COUNT(far)];
}

static void try_immediates(const struct head *h)
{
    for (unsigned i = 0; i < COUNT(immediates); i++)
        try_form(h, 0, 0, 0, immediates[i]);
}

void try_forms(const struct head *h, enum breadth breadth, uint64_t salt)
{
    if (!h->modrm) {
        try_immediates(h);
        return;
    }
    for (unsigned modrm = 0; modrm < 256; modrm++) {
        bool sib = modrm < 0xC0 && (modrm & 7) == 4;
        uint64_t r = mix(salt * 256 + modrm);
        if (breadth == BREADTH_SAMPLE && r >> 60)
            continue;
        unsigned first = 0, last = sib ? COUNT(sibs) : 1;
        if (breadth != BREADTH_ALL)
            last = (first = sib ? r % COUNT(sibs) : 0) + 1;
        for (unsigned i = first; i < last; i++, r = mix(r))
            try_form(h, (uint8_t)modrm, sibs[i], displacement((uint8_t)modrm, r), immediates[(r >> 16) % COUNT(immediates)]);
    }
}

void try_register_forms(const struct head *h, uint64_t salt)
{
    for (unsigned modrm = 0xC0; modrm < 256; modrm++)
        try_form(h, (uint8_t)modrm, 0, 0, immediates[mix(salt * 256 + modrm) % COUNT(immediates)]);
}

void try_few_forms(const struct head *h, uint64_t salt)
{
    if (!h->modrm) {
        for (unsigned i = 0; i < 3; i++)
            try_form(h, 0, 0, 0, immediates[mix(salt + i) % COUNT(immediates)]);
        return;
    }
    uint8_t reg = (uint8_t)(mix(salt) & 0x38);
    try_form(h, reg | 0xC0, 0, 0, 0);             /* eax */
    try_form(h, reg | 0xC4, 0, 0, 0);             /* esp or r12d */
    try_form(h, reg | 0x44, 0x24, 0x10, 0);       /* 0x10(%rsp) */
    try_form(h, reg | 0x05, 0, RIP_DISP, 0);      /* disp(%rip) */
    try_form(h, reg | 0x04, 0x25, 0x10100, 0);    /* 0x10100 */
    try_form(h, reg, 0, 0, 0);                    /* (%rax) */
    try_form(h, (reg & 0x20) | 0x84, 0x03, 8, 0); /* 8(%rbx,%rax), few reg fields */
}
