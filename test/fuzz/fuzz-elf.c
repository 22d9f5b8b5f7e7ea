/* Differential fuzzing of module files: the verifier's ELF side and the reference's must say the same about any file, also
 * about what an accepted one holds (ranges, counts, entry, note); then both judge its code. What the runtime does next with an
 * accepted file (relocating, looking symbols up) runs as well. ASan and UBSan watch.
 *
 * The test reruns the corpus and makes a bounded run with a fixed seed. At length (CORPUS a directory of one's own):
 *
 *   build/test/fuzz/fuzz-elf CORPUS test/fuzz/corpus-elf -max_len=8192 -max_total_time=36000
 *   build/test/fuzz/fuzz-elf -merge=1 test/fuzz/corpus-elf CORPUS          what the tests rerun
 */
#include <stdlib.h>
#include <string.h>

#include "both.h"
#include "elf_input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Loads and relocates the image when it is small, and asks for symbols. */
static void use_module(const struct bh_elf *elf)
{
    uint64_t offset, address;
    bool is_function;
    if (elf->image_hi <= 1 << 20) {
        uint8_t *image = calloc(elf->image_hi, 1);
        if (!image)
            abort();
        for (unsigned i = 0; i < elf->segment_count; i++)
            memcpy(image + elf->segment[i].vaddr, elf->file + elf->segment[i].offset, elf->segment[i].filesz);
        bh_elf_relocate(elf, image, 0x7F0000020000);
        free(image);
    }
    bh_elf_export(elf, "run", &address, &is_function);
    bh_elf_export(elf, "weak", &address, &is_function);
    bh_elf_export(elf, "", &address, &is_function);
    const uint64_t asked[] = {elf->entry, elf->entry + 33, elf->image_lo, elf->image_hi, UINT64_MAX};
    for (unsigned i = 0; i < sizeof asked / sizeof *asked; i++) {
        const char *name = bh_elf_symbolize(elf, asked[i], &offset);
        if (name && strlen(name) > elf->file_size)
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bh_elf elf;
    bool accepted;
    if (size > MAX_ELF_INPUT)
        return -1;
    uint8_t *file = malloc(size ? size : 1); /* exactly as large as the file */
    if (!file)
        abort();
    memcpy(file, data, size);
    if (!both_judge_module(file, size, &accepted))
        abort();
    if (bh_elf_parse(&elf, file, size, NULL) == BH_ELF_OK)
        use_module(&elf);
    free(file);
    return 0;
}
