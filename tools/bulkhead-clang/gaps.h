/* What the linker leaves between sections of code. */
#ifndef BULKHEAD_CLANG_GAPS_H
#define BULKHEAD_CLANG_GAPS_H

/* Every byte of an executable segment is verified. The linker fills gaps within an output section by traps, but leaves zeros
 * between two of them, where the second one is aligned to more than a bundle or a linker script says so. Fills those by hlt, in
 * place. Does nothing to what is no ELF-64 file or has no section headers; dies if the file cannot be written. */
void fill_code_gaps(const char *path);

#endif
