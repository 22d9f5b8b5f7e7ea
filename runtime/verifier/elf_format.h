/* The parts of the ELF-64 format that elf.c reads. Written out here so that the verifier needs no system header. */
#ifndef BULKHEAD_VERIFIER_ELF_FORMAT_H
#define BULKHEAD_VERIFIER_ELF_FORMAT_H

#include <stdint.h>

struct elf_header {
    uint8_t ident[16];
    uint16_t type, machine;
    uint32_t version;
    uint64_t entry, phoff, shoff;
    uint32_t flags;
    uint16_t ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};

struct elf_program_header {
    uint32_t type, flags;
    uint64_t offset, vaddr, paddr, filesz, memsz, align;
};

struct elf_section_header {
    uint32_t name, type;
    uint64_t flags, addr, offset, size;
    uint32_t link, info;
    uint64_t addralign, entsize;
};

struct elf_symbol {
    uint32_t name;
    uint8_t info, other;
    uint16_t shndx;
    uint64_t value, size;
};

struct elf_rela {
    uint64_t offset, info;
    int64_t addend;
};

struct elf_dynamic {
    uint64_t tag, value;
};

struct elf_note {
    uint32_t namesz, descsz, type;
};

enum { ET_DYN = 3, EM_X86_64 = 62, SHN_UNDEF = 0, SHN_LORESERVE = 0xFF00, SHT_SYMTAB = 2, SHT_STRTAB = 3 };
enum { PF_X = 1, PF_W = 2, PF_R = 4 };
enum { PT_NULL, PT_LOAD, PT_DYNAMIC, PT_INTERP, PT_NOTE, PT_SHLIB, PT_PHDR, PT_TLS };
enum { PT_GNU_EH_FRAME = 0x6474E550, PT_GNU_STACK, PT_GNU_RELRO, PT_GNU_PROPERTY };
enum { STT_OBJECT = 1, STT_FUNC = 2, STT_GNU_IFUNC = 10, STB_WEAK = 2, R_X86_64_RELATIVE = 8, DF_TEXTREL = 4 };
enum {
    DT_NULL = 0,
    DT_NEEDED = 1,
    DT_PLTRELSZ = 2,
    DT_HASH = 4,
    DT_STRTAB = 5,
    DT_SYMTAB = 6,
    DT_RELA = 7,
    DT_RELASZ = 8,
    DT_RELAENT = 9,
    DT_STRSZ = 10,
    DT_SYMENT = 11,
    DT_REL = 17,
    DT_TEXTREL = 22,
    DT_JMPREL = 23,
    DT_FLAGS = 30,
    DT_RELRSZ = 35,
    DT_RELR = 36,
    DT_RELRENT = 37,
    DT_ANDROID_REL = 0x6000000F,
    DT_ANDROID_RELASZ = 0x60000012,
    DT_GNU_HASH = 0x6FFFFEF5
};

#endif
