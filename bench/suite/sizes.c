/* Text, file and instructions of what was built. */
#include <elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "session.h"

/* Bytes of the executable sections: what the processor may fetch, no headers or tables. 0 for what is no 64-bit ELF
 * file. */
static uint64_t executable_bytes(const unsigned char *image, size_t size) {
    Elf64_Ehdr header;
    if (size < sizeof header)
        return 0;
    memcpy(&header, image, sizeof header);
    if (memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 || header.e_ident[EI_CLASS] != ELFCLASS64 ||
        header.e_shentsize != sizeof(Elf64_Shdr) || header.e_shoff > size ||
        header.e_shnum > (size - header.e_shoff) / sizeof(Elf64_Shdr))
        return 0;
    uint64_t total = 0;
    for (size_t i = 0; i < header.e_shnum; i++) {
        Elf64_Shdr section;
        memcpy(&section, image + header.e_shoff + i * sizeof section, sizeof section);
        if (section.sh_type == SHT_PROGBITS && (section.sh_flags & SHF_EXECINSTR))
            total += section.sh_size;
    }
    return total;
}

static json_t *file_sizes(const char *path) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat about;
    json_t *sizes = NULL;
    if (fd >= 0 && !fstat(fd, &about) && about.st_size > 0) {
        size_t size = (size_t)about.st_size;
        void *image = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (image != MAP_FAILED) {
            uint64_t text = executable_bytes(image, size);
            sizes = json_pack("{s:I, s:o}", "file", (json_int_t)size, "text",
                              text ? json_integer((json_int_t)text) : json_null());
            munmap(image, size);
        }
    }
    if (fd >= 0)
        close(fd);
    return sizes;
}

/* How many instructions a disassembler sees in the file: counted alike on both sides, unlike those that are executed.
 */
static json_t *static_instructions(const struct places *places, const char *path) {
    int status;
    char *clang = workload_script(places, NULL, NULL, &status, "compiler", NULL);
    clang[strcspn(clang, "\n")] = 0;
    char *slash = strrchr(clang, '/');
    char *tool = format_text("%.*sllvm-objdump", slash ? (int)(slash + 1 - clang) : 0, clang);
    char *words[] = {tool, "-d", "--no-show-raw-insn", "--no-leading-addr", (char *)path, NULL};
    char *text = process_output(words, NULL, NULL, &status);
    json_int_t count = 0;
    for (char *line = text; line && *line; line = strchr(line, '\n'), line = line ? line + 1 : NULL)
        count += *line == '\t' || *line == ' ';
    free(text);
    free(tool);
    free(clang);
    return status || !count ? json_null() : json_integer(count);
}

/* What the verifier counts; null for what it does not accept or know. */
static json_t *facts(const struct places *places, const char *path) {
    char *verify = format_text("%s/bin/bulkhead-verify", places->build);
    char *words[] = {verify, "--facts", "--json", "--allow-stores-only", (char *)path, NULL};
    int status;
    char *text = process_output(words, NULL, NULL, &status);
    json_t *seen = status ? NULL : json_loads(text, 0, NULL);
    free(text);
    free(verify);
    if (!seen)
        return json_null();
    json_object_del(seen, "file");
    return seen;
}

void session_sizes(struct session *session) {
    const struct plan *plan = &session->plan;
    for (size_t t = 0; t < plan->target_count; t++) {
        const char *workload = plan->targets[t].workload->name;
        json_t *sizes = result_object(json_object_get(session->result, "sizes"), workload);
        for (size_t c = 0; c < plan->configuration_count; c++) {
            const char *name = plan->configurations[c]->name;
            if (json_object_get(sizes, name) || !session_command(session, t, c)->words.count)
                continue;
            session_say(-1, "sizes of %s, %s", workload, name);
            char *path = workload_program(&session->places, workload, name);
            json_t *found = path ? file_sizes(path) : NULL;
            if (!found) {
                session_failed(session, workload, name, format_text("its size cannot be read"));
            } else {
                int guest = !configuration_is_reference(plan->configurations[c]) &&
                            !json_is_null(json_object_get(found, "text"));
                json_object_set_new(found, "instructions",
                                    json_is_null(json_object_get(found, "text"))
                                        ? json_null()
                                        : static_instructions(&session->places, path));
                json_object_set_new(found, "facts", guest ? facts(&session->places, path) : json_null());
                json_object_set_new(sizes, name, found);
            }
            free(path);
            session_save(session);
        }
    }
}
