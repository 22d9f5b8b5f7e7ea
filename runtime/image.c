/* Maps a module's image into a slot: code shared and read-only for ever, data copy-on-write from the sealed file.
 *
 * Every mapping costs the process one of vm.max_map_count, so neighbouring data segments and a small bss are one mapping of
 * the file, whose holes are the zeros. */
#include <string.h>
#include <sys/mman.h>

#include "internal.h"

/* A larger bss is anonymous memory: from the file each page of it would cost memory twice, once there and once as a copy. */
#define SMALL_BSS 0x40000

static uint64_t page_down(uint64_t address) {
    return address & ~(uint64_t)(BH_PAGE_SIZE - 1);
}

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
    uint64_t start = page_down(segment->vaddr), end = BH_PAGE_ROUND(segment->vaddr + segment->memsz);
    return PROT_READ | (segment->write || overlaps_relro(elf, start, end) ? PROT_WRITE : 0);
}

static bool map_file(const bh_module *module, uint64_t image, uint64_t start, uint64_t end, int protection) {
    return start == end || bh_slot_map(image + start, end - start, protection, MAP_PRIVATE, module->image_fd,
                                       start - module->elf.image_lo);
}

static bool map_segments(const bh_module *module, uint64_t image) {
    const struct bh_elf *elf = &module->elf;
    uint64_t start = 0, end = 0; /* a run of pages of the file that is not mapped yet */
    int protection = 0;
    for (unsigned n = 0; n < elf->segment_count; n++) {
        const struct bh_elf_segment *segment = &elf->segment[n];
        if (n == elf->code_segment)
            continue;
        uint64_t from = page_down(segment->vaddr), to = BH_PAGE_ROUND(segment->vaddr + segment->memsz);
        int wanted = first_protection(elf, segment);
        if (from != end || wanted != protection) {
            if (!map_file(module, image, start, end, protection))
                return false;
            start = from;
            protection = wanted;
        }
        end = file_end(segment);
        if (end < to && (!map_file(module, image, start, end, protection) ||
                         !bh_slot_map(image + end, to - end, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)))
            return false;
        if (end < to)
            start = end = to;
    }
    return map_file(module, image, start, end, protection);
}

/* Records the segment as the guest may see it, relro apart, and takes write access away where it was lent. */
static bool settle_segment(bh_instance *instance, uint64_t image, const struct bh_elf_segment *segment) {
    const struct bh_elf *elf = &instance->module->elf;
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
        bh_space_add(&instance->space, BH_IMAGE_OFFSET + from, BH_IMAGE_OFFSET + to, want, BH_PIECE_IMAGE, false);
    }
    return true;
}

static bh_error failed(bh_instance *instance) {
    instance->poisoned = true;
    return bh_fail_limit("cannot map the image of '%s'", instance->module->name);
}

bh_error bh_module_map_code(bh_module *module, bh_instance *instance) {
    const struct bh_elf *elf = &module->elf;
    if (!bh_instance_room(instance, 1))
        return bh_fail_mappings(instance, "the code of a module");
    if (!bh_slot_map(instance->base + BH_IMAGE_OFFSET + elf->code_addr, elf->code_size, PROT_READ | PROT_EXEC, MAP_PRIVATE,
                     module->image_fd, elf->code_addr - elf->image_lo))
        return failed(instance);
    bh_space_add(&instance->space, BH_IMAGE_OFFSET + elf->code_addr, BH_IMAGE_OFFSET + elf->code_addr + elf->code_size,
                 PROT_READ | PROT_EXEC, BH_PIECE_CODE, false);
    return BH_OK;
}

bh_error bh_module_map_data(bh_module *module, bh_instance *instance) {
    const struct bh_elf *elf = &module->elf;
    uint64_t image = instance->base + BH_IMAGE_OFFSET;
    /* Relro divides a segment into three pieces at most. */
    if (!bh_instance_room(instance, elf->segment_count - 1 + (elf->relro_size ? 2 : 0)))
        return bh_fail_mappings(instance, "the image of a module");
    if (!map_segments(module, image))
        return failed(instance);
    if (elf->rela_count || elf->relr_count)
        bh_elf_relocate(elf, (uint8_t *)(uintptr_t)image, image);
    for (unsigned n = 0; n < elf->segment_count; n++)
        if (n != elf->code_segment && !settle_segment(instance, image, &elf->segment[n]))
            return failed(instance);
    return BH_OK;
}

const uint8_t *bh_module_page(const bh_module *module, uint64_t offset) {
    static const uint8_t zeros[BH_PAGE_SIZE];
    uint64_t address = offset - BH_IMAGE_OFFSET;
    for (unsigned n = 0; n < module->elf.segment_count; n++) {
        const struct bh_elf_segment *segment = &module->elf.segment[n];
        if (address >= page_down(segment->vaddr) && address < segment->vaddr + segment->filesz)
            return module->image + (address - module->elf.image_lo);
    }
    return zeros;
}
