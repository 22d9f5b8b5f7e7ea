/* What the linker leaves to be done to the image of a module. */
#ifndef BULKHEAD_CLANG_IMAGE_H
#define BULKHEAD_CLANG_IMAGE_H

/* Every byte of an executable segment is verified. The linker fills gaps within an output section by traps, but leaves
 * zeros between two of them, where the second one is aligned to more than a bundle or a linker script says so. Fills
 * those by hlt, in place, and marks the file as a module. Does nothing to what is no ELF-64 file or has no section
 * headers; dies if the file cannot be written. */
void finish_image(const char *path);

#endif
