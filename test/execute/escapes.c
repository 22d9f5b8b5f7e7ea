/* See escapes.h. */
#include "escapes.h"

#include <string.h>

#include "probe.h"
#include "slot.h"

#define ESCAPE(name, bytes, kind, expected) {name, bytes, sizeof bytes - 1, kind, false, expected}
#define CELL_ESCAPE(name, bytes, kind, expected) {name, bytes, sizeof bytes - 1, kind, true, expected}
const struct escape escapes[ESCAPE_COUNT] = {
    ESCAPE("a store to writable host memory", "\x48\x89\x03", 3, "host memory changed"),
    ESCAPE("a store to read-only host memory", "\x48\x89\x03", 4, "an access outside the slot and its margins"),
    ESCAPE("a load from host memory", "\x48\x8B\x03", 2, "an access outside the slot and its margins"),
    ESCAPE("a store to the neighbour above", "\x88\x03", 12, "an access outside the slot and its margins"),
    ESCAPE("a store to the neighbour below", "\x88\x03", 11, "an access outside the slot and its margins"),
    ESCAPE("a store through %gs with 64-bit addresses", "\x65\x88\x03", 12, "an access outside the slot and its margins"),
    ESCAPE("a store through an address that is not canonical", "\x88\x03", 13, "a protection fault that nothing explains"),
    ESCAPE("a push after rsp was moved to the host", "\x48\x89\xDC\x50", 2, "rsp left the slot"),
    ESCAPE("rsp moved to the host", "\x48\x89\xDC", 3, "rsp left the slot"),
    ESCAPE("wrgsbase", "\xF3\x48\x0F\xAE\xDB", 3, "the GS base changed"),
    ESCAPE("wrfsbase", "\xF3\x48\x0F\xAE\xD3", 3, "the FS base changed"),
    ESCAPE("mov to gs", "\xB8\x2B\x00\x00\x00\x8E\xE8", 3, "the GS base changed"),
    ESCAPE("mov to es", "\xB8\x2B\x00\x00\x00\x8E\xC0", 3, "a segment register changed"),
    ESCAPE("std", "\xFD", 3, "the direction flag is set"),
    ESCAPE("popf with the alignment-check flag", "\x68\x02\x02\x04\x00\x9D", 15, "a system flag changed"),
    ESCAPE("a jump to the host", "\xFF\xE3", 2, "rip left the slot"),
    ESCAPE("a jump to the neighbour", "\xFF\xE3", 12, "rip left the slot"),
    ESCAPE("a jump into an instruction", "\xEB\x01\xB8\xF4\xF4\xF4\xF4", 3, "rip is not at the start of a verified instruction"),
    CELL_ESCAPE("a jump to another cell", "\xE9\x7B\x00\x00\x00", 3, "control came out at an exit that it should not reach"),
    CELL_ESCAPE("a jump to data, unaligned", "\x48\x8D\x05\x01\x00\x08\x00\xFF\xE0", 3,
           "control went to an address that is not a bundle's"),
    ESCAPE("a system call", "\x0F\x05", 3, "a system call"),
    ESCAPE("wrpkru", "\x31\xC9\x31\xD2\x0F\x01\xEE\x0D\x00\x00\x00\xC0\x0F\x01\xEF", 3, "PKRU changed"),
};

bool escape_impossible(const struct escape *escape)
{
    return (!strcmp(escape->name, "wrpkru") && !probe.has_pkru) ||
           (!strcmp(escape->name, "a system call") && !slot_catches_system_calls());
}
