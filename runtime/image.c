/* Maps a module's image into a slot: code shared and read-only for ever, data copy-on-write from the sealed file. */
#include <sys/mman.h>

#include "internal.h"

static bool overlaps_relro(const struct bh_elf *elf, uint64_t start, uint64_t end) {
    return elf->relro_size && start < elf->relro_addr + elf->relro_size && end > elf->relro_addr;
}

static bool map_data(const bh_module *module, uint64_t image, const struct bh_elf_segment *segment) {
    const struct bh_elf *elf = &module->elf;
    uint64_t start = segment->vaddr & ~(uint64_t)(BH_PAGE_SIZE - 1);
    uint64_t file_end = segment->filesz ? BH_PAGE_ROUND(segment->vaddr + segment->filesz) : start;
    uint64_t end = BH_PAGE_ROUND(segment->vaddr + segment->memsz);
    int protection = PROT_READ | (segment->write || overlaps_relro(elf, start, end) ? PROT_WRITE : 0);
    if (file_end > start && !bh_slot_map(image + start, file_end - start, protection, MAP_PRIVATE, module->image_fd,
                                         start - elf->image_lo))
        return false;
    return end <= file_end || bh_slot_map(image + file_end, end - file_end, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

/* Records the segment as the guest may see it, relro apart, and takes write access away where it was lent. */
static bool settle_data(bh_instance *instance, uint64_t image, const struct bh_elf_segment *segment) {
    const struct bh_elf *elf = &instance->module->elf;
    uint64_t start = segment->vaddr & ~(uint64_t)(BH_PAGE_SIZE - 1);
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

bh_error bh_module_map(bh_module *module, bh_instance *instance) {
    const struct bh_elf *elf = &module->elf;
    uint64_t image = instance->base + BH_IMAGE_OFFSET;
    bool good = bh_slot_map(image + elf->code_addr, elf->code_size, PROT_READ | PROT_EXEC, MAP_PRIVATE, module->image_fd,
                            elf->code_addr - elf->image_lo);
    for (unsigned n = 0; good && n < elf->segment_count; n++)
        if (n != elf->code_segment)
            good = map_data(module, image, &elf->segment[n]);
    if (good && (elf->rela_count || elf->relr_count))
        bh_elf_relocate(elf, (uint8_t *)(uintptr_t)image, image);
    /* Each segment may become three pieces. */
    if (good && !bh_instance_room(instance, 3 * elf->segment_count))
        return bh_fail(BH_ERROR_LIMIT, "no mappings are left for the image of '%s' (vm.max_map_count, or the policy's limit)",
                       module->name);
    for (unsigned n = 0; good && n < elf->segment_count; n++)
        if (n != elf->code_segment)
            good = settle_data(instance, image, &elf->segment[n]);
    if (good)
        return BH_OK;
    instance->poisoned = true;
    return bh_fail_errno(BH_ERROR_SYSTEM, "cannot map the image of '%s' (out of memory, or vm.max_map_count reached)",
                         module->name);
}
