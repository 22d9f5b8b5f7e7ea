#include "image.h"

#include "../bulkhead-run/mark.h"
#include "args.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HLT = 0xf4 };

struct image {
    unsigned char *bytes;
    size_t size;
    Elf64_Ehdr header;
};

static bool inside(const struct image *image, uint64_t offset, uint64_t size) {
    return offset <= image->size && size <= image->size - offset;
}

/* Reads section number i; false if it occupies no memory and file. */
static bool section(const struct image *image, unsigned i, uint64_t *start, uint64_t *end) {
    Elf64_Shdr s;
    memcpy(&s, image->bytes + image->header.e_shoff + i * sizeof s, sizeof s);
    *start = s.sh_offset;
    *end = s.sh_offset + s.sh_size;
    return (s.sh_flags & SHF_ALLOC) && s.sh_type != SHT_NOBITS && s.sh_size && inside(image, s.sh_offset, s.sh_size);
}

/* Fills [at, end) where no section lies, but not behind the last one: what is there is the linker's fill already. */
static void fill_segment(const struct image *image, uint64_t at, uint64_t end) {
    while (at < end) {
        uint64_t covered = at, next = end, start, stop;
        for (unsigned i = 0; i < image->header.e_shnum; i++) {
            if (!section(image, i, &start, &stop))
                continue;
            if (start <= at && stop > covered)
                covered = stop;
            else if (start > at && start < next)
                next = start;
        }
        if (covered == at && next == end)
            return;
        if (covered == at)
            memset(image->bytes + at, HLT, next - at);
        at = covered == at ? next : covered;
    }
}

static void mark(struct image *image) {
    image->header.e_flags = MODULE_ELF_FLAGS;
    memcpy(image->bytes, &image->header, sizeof image->header);
}

static void fill_image(const struct image *image) {
    const Elf64_Ehdr *h = &image->header;
    for (unsigned i = 0; i < h->e_phnum; i++) {
        Elf64_Phdr p;
        memcpy(&p, image->bytes + h->e_phoff + i * sizeof p, sizeof p);
        if (p.p_type == PT_LOAD && (p.p_flags & PF_X) && inside(image, p.p_offset, p.p_filesz))
            fill_segment(image, p.p_offset, p.p_offset + p.p_filesz);
    }
}

void finish_image(const char *path) {
    struct stat status;
    struct image image;
    if (stat(path, &status) != 0 || !S_ISREG(status.st_mode) || status.st_size < (off_t)sizeof image.header)
        return;
    int file = open(path, O_RDWR | O_CLOEXEC);
    if (file < 0)
        die("cannot write %s: %s", path, strerror(errno));
    image.size = (size_t)status.st_size;
    image.bytes = mmap(NULL, image.size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (image.bytes == MAP_FAILED)
        die("cannot read %s: %s", path, strerror(errno));
    close(file);
    memcpy(&image.header, image.bytes, sizeof image.header);
    const Elf64_Ehdr *h = &image.header;
    if (memcmp(h->e_ident, ELFMAG, SELFMAG) == 0 && h->e_ident[EI_CLASS] == ELFCLASS64 &&
        h->e_phentsize == sizeof(Elf64_Phdr) && inside(&image, h->e_phoff, h->e_phnum * sizeof(Elf64_Phdr)) &&
        h->e_shentsize == sizeof(Elf64_Shdr) && inside(&image, h->e_shoff, h->e_shnum * sizeof(Elf64_Shdr))) {
        fill_image(&image);
        mark(&image);
    }
    munmap(image.bytes, image.size);
}
