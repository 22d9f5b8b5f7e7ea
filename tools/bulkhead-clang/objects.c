#include "objects.h"

#include "archive.h"
#include "args.h"

#include <bulkhead/layout.h>
#include <elf.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct bytes {
    const unsigned char *at;
    size_t size;
};

/* The file, mapped for the life of the process or until map_release; size 0 if it cannot be read. */
static struct bytes map_file(const char *path) {
    struct bytes file = {0};
    struct stat status;
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0)
        return file;
    if (fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode) && status.st_size > 0) {
        void *at = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, descriptor, 0);
        if (at != MAP_FAILED)
            file = (struct bytes){at, (size_t)status.st_size};
    }
    close(descriptor);
    return file;
}

static void map_release(struct bytes file) {
    if (file.size)
        munmap((void *)(uintptr_t)file.at, file.size);
}

/*
 * Objects
 */

static bool inside(struct bytes file, uint64_t offset, uint64_t size) {
    return offset <= file.size && size <= file.size - offset;
}

static bool elf_header(struct bytes file, Elf64_Ehdr *header) {
    if (!inside(file, 0, sizeof *header))
        return false;
    memcpy(header, file.at, sizeof *header);
    return memcmp(header->e_ident, ELFMAG, SELFMAG) == 0 && header->e_ident[EI_CLASS] == ELFCLASS64 &&
           header->e_machine == EM_X86_64;
}

bool is_shared_library(const char *path) {
    Elf64_Ehdr header;
    struct bytes file = map_file(path);
    bool is = elf_header(file, &header) && header.e_type == ET_DYN;
    map_release(file);
    return is;
}

struct sections {
    struct bytes file;
    uint64_t table, count;
    Elf64_Shdr names;
};

/* False if it does not lie in the file. */
static bool section(const struct sections *s, uint64_t i, Elf64_Shdr *header) {
    if (i >= s->count)
        return false;
    memcpy(header, s->file.at + s->table + i * sizeof *header, sizeof *header);
    return header->sh_type == SHT_NOBITS || inside(s->file, header->sh_offset, header->sh_size);
}

/* A string of a table, "" if it does not lie in it. */
static const char *string_at(struct bytes file, const Elf64_Shdr *table, uint64_t offset) {
    if (table->sh_type != SHT_STRTAB || offset >= table->sh_size || file.at[table->sh_offset + table->sh_size - 1] != 0)
        return "";
    return (const char *)file.at + table->sh_offset + offset;
}

static bool find_sections(struct bytes file, struct sections *s) {
    Elf64_Ehdr h;
    Elf64_Shdr first;
    if (!elf_header(file, &h) || h.e_type != ET_REL || h.e_shentsize != sizeof first ||
        !inside(file, h.e_shoff, sizeof first))
        return false;
    memcpy(&first, file.at + h.e_shoff, sizeof first);
    *s = (struct sections){.file = file, .table = h.e_shoff, .count = h.e_shnum ? h.e_shnum : first.sh_size};
    if (s->count > (file.size - s->table) / sizeof first)
        return false;
    return section(s, h.e_shstrndx == SHN_XINDEX ? first.sh_link : h.e_shstrndx, &s->names);
}

static bool starts_with_one_of(const char *name, const char *const *beginnings) {
    for (; *beginnings; beginnings++)
        if (starts_with(name, *beginnings))
            return true;
    return false;
}

/* Its C functions, operators new and delete, and what lies in std or __cxxabiv1. */
static bool is_of_cxx_library(const char *name) {
    static const char *const beginnings[] = {"__cxa_",
                                             "__gxx_personality",
                                             "_Znw",
                                             "_Zna",
                                             "_Zdl",
                                             "_Zda",
                                             "_ZSt",
                                             "_ZNSt",
                                             "_ZNKSt",
                                             "_ZTVSt",
                                             "_ZTVNSt",
                                             "_ZTISt",
                                             "_ZTVN10__cxxabiv1",
                                             "__dynamic_cast",
                                             NULL};
    return starts_with_one_of(name, beginnings) && strcmp(name, "__cxa_atexit") != 0 &&
           strcmp(name, "__cxa_finalize") != 0;
}

#define NO_SANITIZERS                                                                                                  \
    "there are no sanitizer run-times in modules; define them in the program, or "                                     \
    "compile without what calls them"
const struct run_time run_times[RUN_TIMES] = {
    {"__enable_execute_stack",
     "stacks of modules are never executable, so that there are no trampolines; pass a pointer "
     "to the data beside the function's"},
    {"__cyg_profile_func_", "-finstrument-functions calls them; define them in the program, or compile without it"},
    {"__sanitizer_", NO_SANITIZERS},
    {"__sancov_", NO_SANITIZERS},
};

static unsigned run_times_of(const char *symbol) {
    unsigned bits = 0;
    for (size_t i = 0; i < RUN_TIMES; i++)
        if (strncmp(symbol, run_times[i].symbol, strlen(run_times[i].symbol)) == 0)
            bits |= 1u << i;
    return bits;
}

static void read_symbols(const struct sections *s, const Elf64_Shdr *table, struct object_facts *facts) {
    Elf64_Shdr strings;
    if (!section(s, table->sh_link, &strings))
        return;
    for (uint64_t i = table->sh_info; i < table->sh_size / sizeof(Elf64_Sym); i++) {
        Elf64_Sym symbol;
        memcpy(&symbol, s->file.at + table->sh_offset + i * sizeof symbol, sizeof symbol);
        const char *name = string_at(s->file, &strings, symbol.st_name);
        bool defined = symbol.st_shndx != SHN_UNDEF;
        *(defined ? &facts->defines : &facts->refers_to) |= run_times_of(name);
        if (defined) {
            facts->defines_main |= strcmp(name, "main") == 0;
            continue;
        }
        facts->makes_threads |= strcmp(name, "pthread_create") == 0 || strcmp(name, "thrd_create") == 0;
        facts->needs_cxx |= is_of_cxx_library(name);
        facts->needs_unwinder |= strcmp(name, "__gcc_personality_v0") == 0 || starts_with(name, "_Unwind_");
    }
}

static bool read_object(struct bytes file, struct object_facts *facts) {
    struct sections s;
    if (!find_sections(file, &s))
        return false;
    for (uint64_t i = 1; i < s.count; i++) {
        Elf64_Shdr header;
        if (!section(&s, i, &header) || header.sh_type == SHT_NOBITS)
            continue;
        if ((header.sh_flags & SHF_EXECINSTR) && (header.sh_flags & SHF_ALLOC) && header.sh_size)
            facts->code = true;
        if (header.sh_type == SHT_SYMTAB)
            read_symbols(&s, &header, facts);
        if (header.sh_type == SHT_PROGBITS && strcmp(string_at(file, &s.names, header.sh_name), BH_OBJECT_SECTION) == 0)
            for (uint64_t at = 0; at < header.sh_size; at++)
                facts->traits |= file.at[header.sh_offset + at];
    }
    return true;
}

/*
 * Archives
 */

/* The one that was read last: the linker names many members of one archive in a row. */
static struct {
    char *path;
    struct bytes file;
    struct archive members; /* goes on behind the last one found */
} current;

static bool open_archive(const char *path) {
    if (current.path && strcmp(current.path, path) == 0)
        return current.file.size;
    map_release(current.file);
    current.path = format("%s", path);
    current.file = map_file(path);
    archive_open(&current.members, current.file.at, current.file.size);
    return current.file.size;
}

static bool read_member(const char *name, struct object_facts *facts) {
    for (int round = 0; round < 2; round++) {
        struct archive_member member;
        const char *error;
        while (archive_next(&current.members, &member, &error))
            if (strcmp(member.name, name) == 0)
                return read_object((struct bytes){member.data, member.size}, facts);
        archive_open(&current.members, current.file.at, current.file.size);
    }
    return false;
}

/* A thin archive holds paths, relative to its own directory. */
static bool read_thin_member(const char *name, struct object_facts *facts) {
    const char *slash = strrchr(current.path, '/');
    bool relative = name[0] != '/' && slash;
    struct bytes file = map_file(relative ? format("%.*s/%s", (int)(slash - current.path), current.path, name) : name);
    bool is = read_object(file, facts);
    map_release(file);
    return is;
}

/* Where the member's name begins in ARCHIVE(MEMBER), or NULL; either may have parentheses of its own. */
static const char *member_in(const char *name) {
    for (const char *at = name; ends_with(name, ")") && (at = strchr(at, '(')); at++)
        if (access(format("%.*s", (int)(at - name), name), F_OK) == 0)
            return at;
    return NULL;
}

bool is_link_input(const char *name) { return access(name, F_OK) == 0 || member_in(name); }

bool object_facts(const char *name, struct object_facts *facts) {
    *facts = (struct object_facts){0};
    const char *open = access(name, F_OK) == 0 ? NULL : member_in(name);
    if (!open) {
        struct bytes file = map_file(name);
        bool is = read_object(file, facts);
        map_release(file);
        return is;
    }
    char *member = format("%.*s", (int)(strlen(open) - 2), open + 1);
    if (!open_archive(format("%.*s", (int)(open - name), name)))
        return false;
    if (is_thin_archive(current.file.at, current.file.size))
        return read_thin_member(member, facts);
    return is_archive(current.file.at, current.file.size) && read_member(member, facts);
}
