/* Maps a module's image into a slot: code shared and read-only for ever, data copy-on-write from the sealed file.
 *
 * Every mapping costs the process one of vm.max_map_count, so neighbouring data segments and a small bss are one
 * mapping of the file, whose holes are the zeros. */
#include "slot/image.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "base/descriptor.h"
#include "base/limit.h"
#include "base/mapping.h"
#include "slot/map.h"
#include "slot/slot.h"
#include "slot/space.h"
#include "verifier/elf.h"

/* A larger bss is anonymous memory: from the file each page of it would cost memory twice, once there and once as a
 * copy. */
#define SMALL_BSS 0x40000

static uint64_t page_down(uint64_t address) { return address & ~(uint64_t)(BH_PAGE_SIZE - 1); }

/* Where a segment stops being a mapping of the file. */
static uint64_t file_end(const struct bh_elf_segment *segment) {
    uint64_t start = page_down(segment->vaddr), end = BH_PAGE_ROUND(segment->vaddr + segment->memsz);
    uint64_t file = segment->filesz ? BH_PAGE_ROUND(segment->vaddr + segment->filesz) : start;
    return end - file <= SMALL_BSS ? end : file;
}

static bool overlaps_relro(const struct bh_elf *elf, uint64_t start, uint64_t end) {
    return elf->relro_size && start < elf->relro_addr + elf->relro_size && end > elf->relro_addr;
}

/* Relro is writable until it is relocated. */
static int first_protection(const struct bh_elf *elf, const struct bh_elf_segment *segment) {
    if (segment->execute)
        return PROT_READ | PROT_EXEC;
    uint64_t start = page_down(segment->vaddr), end = BH_PAGE_ROUND(segment->vaddr + segment->memsz);
    return PROT_READ | (segment->write || overlaps_relro(elf, start, end) ? PROT_WRITE : 0);
}

/* Pages of the file that lie beside each other, whatever their protection: mapping them at once and giving each its
 * protection afterwards costs less than mapping each. */
struct run {
    uint64_t start, end;
    unsigned first, last; /* segments, the last one included */
};

/* Some processes may not make a mapping executable that was not (PR_SET_MDWE, systemd's MemoryDenyWriteExecute): there
 * it is mapped anew. */
static bool protect(const struct bh_image *image, uint64_t at, uint64_t start, uint64_t end, int protection) {
    if (!mprotect((void *)(uintptr_t)(at + start), end - start, protection))
        return true;
    return (protection & PROT_EXEC) && (errno == EACCES || errno == EPERM) &&
           bh_slot_map(at + start, end - start, protection, MAP_PRIVATE, image->file.fd, start - image->elf.image_lo);
}

static bool map_run(const struct bh_image *image, uint64_t at, const struct run *run) {
    const struct bh_elf *elf = &image->elf;
    if (run->start == run->end)
        return true;
    if (!bh_slot_map(at + run->start, run->end - run->start, PROT_READ, MAP_PRIVATE, image->file.fd,
                     run->start - elf->image_lo))
        return false;
    for (unsigned n = run->first; n <= run->last; n++) {
        uint64_t start = page_down(elf->segment[n].vaddr), end = file_end(&elf->segment[n]);
        int protection = first_protection(elf, &elf->segment[n]);
        /* One call for neighbours that are alike: relro and data. */
        for (; n < run->last && first_protection(elf, &elf->segment[n + 1]) == protection; n++)
            end = file_end(&elf->segment[n + 1]);
        if (protection != PROT_READ && start < end && !protect(image, at, start, end, protection))
            return false;
    }
    return true;
}

/* Segments [from, to). */
static bool map_segments(const struct bh_image *image, uint64_t at, unsigned from, unsigned to) {
    const struct bh_elf *elf = &image->elf;
    struct run run = {0};
    for (unsigned n = from; n < to; n++) {
        const struct bh_elf_segment *segment = &elf->segment[n];
        uint64_t start = page_down(segment->vaddr), end = file_end(segment),
                 stop = BH_PAGE_ROUND(segment->vaddr + segment->memsz);
        if (n == from || start != run.end) {
            if (!map_run(image, at, &run))
                return false;
            run = (struct run){.start = start, .first = n};
        }
        run.end = end;
        run.last = n;
        if (end < stop &&
            !bh_slot_map(at + end, stop - end, first_protection(elf, segment), MAP_PRIVATE | MAP_ANONYMOUS, -1, 0))
            return false;
    }
    return map_run(image, at, &run);
}

/* Records a part of a segment; what is no mapping of the file is one of its own. */
static void add_image(struct bh_space *space, uint64_t from, uint64_t to, int protection, uint64_t file) {
    uint64_t border = file > from && file < to ? file : to;
    bh_space_add(space, BH_IMAGE_OFFSET + from, BH_IMAGE_OFFSET + border, protection, BH_PIECE_IMAGE, false);
    if (border < to)
        bh_space_add(space, BH_IMAGE_OFFSET + border, BH_IMAGE_OFFSET + to, protection, BH_PIECE_IMAGE, false);
}

/* Records the segment as the guest may see it, relro apart, and takes write access away where it was lent. */
static bool settle_segment(struct bh_slot *slot, uint64_t image, const struct bh_elf_segment *segment) {
    const struct bh_elf *elf = &slot->image->elf;
    uint64_t start = page_down(segment->vaddr);
    uint64_t end = BH_PAGE_ROUND(segment->vaddr + segment->memsz);
    int protection = PROT_READ | (segment->write ? PROT_WRITE : 0);
    uint64_t cut[4] = {start, start, end, end};
    if (overlaps_relro(elf, start, end)) {
        cut[1] = elf->relro_addr > start ? elf->relro_addr : start;
        cut[2] = elf->relro_addr + elf->relro_size < end ? elf->relro_addr + elf->relro_size : end;
    } else {
        cut[2] = start;
    }
    for (int part = 0; part < 3; part++) {
        uint64_t from = cut[part], to = cut[part + 1];
        if (from == to)
            continue;
        int want = part == 1 ? PROT_READ : protection;
        bool lent = overlaps_relro(elf, start, end) && !(want & PROT_WRITE);
        if (lent && mprotect((void *)(uintptr_t)(image + from), to - from, want))
            return false;
        add_image(&slot->space, from, to, want, file_end(segment));
    }
    return true;
}

static bh_error failed(struct bh_slot *slot) {
    slot->poisoned = true;
    return bh_fail_limit("cannot map the image of '%s'", slot->image->name);
}

/* Relocates what map_segments mapped, and records it. */
static bh_error finish(struct bh_slot *slot) {
    const struct bh_elf *elf = &slot->image->elf;
    uint64_t image = slot->base + BH_IMAGE_OFFSET;
    if (elf->rela_count || elf->relr_count)
        bh_elf_relocate(elf, (uint8_t *)(uintptr_t)image, image);
    for (unsigned n = 0; n < elf->segment_count; n++)
        if (n != elf->code_segment && !settle_segment(slot, image, &elf->segment[n]))
            return failed(slot);
    return BH_OK;
}

/* Before anything is mapped. Relro divides a segment into three pieces at most, and a large bss each into two. */
static bh_error check(struct bh_slot *slot) {
    const struct bh_elf *elf = &slot->image->elf;
    unsigned pieces = elf->segment_count + (elf->relro_size ? 2 : 0);
    for (unsigned n = 0; n < elf->segment_count; n++)
        pieces += file_end(&elf->segment[n]) < BH_PAGE_ROUND(elf->segment[n].vaddr + elf->segment[n].memsz);
    if (!bh_slot_room(slot, pieces))
        return bh_fail_mappings(slot, "the image of a module");
    return bh_kept_same(&slot->image->file) ? BH_OK : bh_fail_kept(&slot->image->file, "the image of a module");
}

bh_error bh_image_map(struct bh_slot *slot) {
    const struct bh_elf *elf = &slot->image->elf;
    bh_error error = check(slot);
    if (error)
        return error;
    if (!map_segments(slot->image, slot->base + BH_IMAGE_OFFSET, 0, elf->segment_count))
        return failed(slot);
    bh_space_add(&slot->space, BH_IMAGE_OFFSET + elf->code_addr, BH_IMAGE_OFFSET + elf->code_addr + elf->code_size,
                 PROT_READ | PROT_EXEC, BH_PIECE_CODE, false);
    return finish(slot);
}

bh_error bh_image_map_data(struct bh_slot *slot) {
    const struct bh_elf *elf = &slot->image->elf;
    uint64_t image = slot->base + BH_IMAGE_OFFSET;
    bh_error error = check(slot);
    if (error)
        return error;
    if (!map_segments(slot->image, image, 0, elf->code_segment) ||
        !map_segments(slot->image, image, elf->code_segment + 1, elf->segment_count))
        return failed(slot);
    return finish(slot);
}

const uint8_t *bh_image_page(const struct bh_image *image, uint64_t offset) {
    static const uint8_t zeros[BH_PAGE_SIZE];
    uint64_t address = offset - BH_IMAGE_OFFSET;
    for (unsigned n = 0; n < image->elf.segment_count; n++) {
        const struct bh_elf_segment *segment = &image->elf.segment[n];
        if (address >= page_down(segment->vaddr) && address < segment->vaddr + segment->filesz)
            return image->bytes + (address - image->elf.image_lo);
    }
    return zeros;
}
