/* symbols-test MODULE (outside.S): a symbol that is no address in the module's image is refused by name; a place is named as fast when the file
 * has millions of symbols. */
#include <elf.h>
#include <sys/stat.h>
#include <time.h>

#include "guest-calls.h"

#define MANY 4000000
#define FAULTS 10
#define ALLOWED 0.05 /* seconds of a processor for all of them: 4 million symbols are looked at in 0.02 */

/* The module with a symbol table of so many symbols in front of its code, none of which reaches into it. */
static unsigned char *with_symbols(const char *path, size_t *size) {
    struct stat info;
    FILE *file = fopen(path, "r");
    REQUIRE(file && !fstat(fileno(file), &info));
    size_t old = (size_t)info.st_size, table = (old + 7) & ~(size_t)7;
    *size = table + MANY * sizeof(Elf64_Sym);
    unsigned char *bytes = calloc(1, *size);
    REQUIRE(bytes && fread(bytes, 1, old, file) == old);
    fclose(file);
    const Elf64_Ehdr *header = (const void *)bytes;
    Elf64_Shdr *section = (void *)(bytes + header->e_shoff);
    while (section->sh_type != SHT_SYMTAB)
        section++;
    const Elf64_Sym *from = (const void *)(bytes + section->sh_offset);
    Elf64_Sym *to = (void *)(bytes + table), attack = {0};
    for (size_t n = 0; n < section->sh_size / sizeof(*from); n++)
        if (ELF64_ST_TYPE(from[n].st_info) == STT_FUNC && from[n].st_size == 0)
            attack = from[n];
    REQUIRE(attack.st_name);
    for (size_t n = 1; n < MANY; n++)
        to[n] = (Elf64_Sym){.st_name = attack.st_name, .st_info = STT_FUNC, .st_shndx = attack.st_shndx, .st_value = 1, .st_size = 1};
    to[MANY - 1] = attack;
    section->sh_offset = table;
    section->sh_size = MANY * sizeof(*to);
    return bytes;
}

static double processor_time(void) {
    struct timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void test_many(const char *path) {
    size_t size;
    bh_module *many;
    bh_instance *instance;
    double used = 0;
    unsigned char *bytes = with_symbols(path, &size);
    REQUIRE(!bh_module_load_memory(engine, bytes, size, "many", NULL, &many) && !bh_instance_create(many, NULL, &instance));
    free(bytes);
    for (int n = 0; n < FAULTS; n++) {
        double start = processor_time();
        CHECK(invoke(instance, "trap", "v()", NULL, 0, 0) == BH_ERROR_FAULT);
        used += processor_time() - start;
        CHECK(bh_last_error()->symbol[0]);
        CHECK(!bh_instance_reset(instance));
    }
    if (used > ALLOWED) {
        printf("%d faults took %.3f s\n", FAULTS, used);
        failures++;
    }
    CHECK(!bh_instance_destroy(instance) && !bh_module_destroy(many));
}

int main(int argc, char **argv) {
    bh_address address = 1;
    if (argc != 2)
        return 2;
    open_module(argv[1], 1);
    bh_instance *instance = new_instance(NULL);
    CHECK(!bh_instance_symbol(instance, "arena", &address) && !bh_check_range(instance, address, 1));
    CHECK(bh_instance_symbol(instance, "outside", &address) == BH_ERROR_RANGE && strstr(bh_last_error()->text, "'outside'"));
    CHECK(bh_instance_symbol(instance, "before", &address) == BH_ERROR_RANGE && strstr(bh_last_error()->text, "'before'"));
    CHECK(invoke(instance, "trap", "v()", NULL, 0, 0) == BH_ERROR_FAULT && !strcmp(bh_last_error()->symbol, "trap"));
    CHECK(!bh_instance_destroy(instance));
    test_many(argv[1]);
    close_module();
    return failures != 0;
}
