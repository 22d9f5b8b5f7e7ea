/* The guest's memory calls. All of them stay inside the slot, never make anything executable, and never reach the code,
 * the context page or the gate. Nothing is unmapped: what the guest gives back becomes reserved address space again. */
#include "linux.h"

#include <sys/mman.h>
#include <unistd.h>

bh_syscall bh_sys_mmap, bh_sys_munmap, bh_sys_mprotect, bh_sys_mremap, bh_sys_madvise, bh_sys_msync, bh_sys_brk;

#define PROTECTIONS (PROT_READ | PROT_WRITE)
#define MAP_TYPE_MASK 0xf
/* Of which Linux itself may take no notice. */
#define MAP_HINTS (MAP_GROWSDOWN | MAP_LOCKED | MAP_32BIT)
#define MAP_KNOWN                                                                                                      \
    (MAP_TYPE_MASK | MAP_FIXED | MAP_ANONYMOUS | MAP_NORESERVE | MAP_POPULATE | MAP_STACK | MAP_DENYWRITE |            \
     MAP_EXECUTABLE | MAP_NONBLOCK | MAP_FIXED_NOREPLACE | MAP_HINTS)

/* What is done at a time: a few milliseconds at most, between which bh_stopping is asked. Of a call that is given up
 * the map says what was done, and the guest learns nothing more. */
#define PAGES_PIECE ((uint64_t)32 << 20) /* page tables changed, pages freed */
#define COPY_PIECE ((uint64_t)1 << 20)
#define SYNC_PIECE ((uint64_t)4 << 20)

static uint64_t piece_end(uint64_t start, uint64_t end, uint64_t piece) {
    return end - start < piece ? end : start + piece;
}

/* The kernel refused a MAP_FIXED over the slot: what is mapped there now is uncertain, so the slot is done for. */
static int64_t poison(bh_instance *instance) {
    instance->slot.poisoned = true;
    return bh_end(instance, BH_FAULT_HOST_LIMIT, SIGKILL);
}

static uint64_t offset_of(const bh_instance *instance, uint64_t address) { return address - instance->slot.base; }

/* Replaces [start, end) by fresh zeroed memory and records it; room for it was made. */
static int64_t map_fresh(bh_instance *instance, uint64_t start, uint64_t end, int protection, int kind) {
    if (!bh_slot_map(instance->slot.base + start, end - start, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0))
        return poison(instance);
    bh_space_add(&instance->slot.space, start, end, protection, kind, true);
    return 0;
}

static int64_t release(bh_instance *instance, uint64_t start, uint64_t end) {
    for (uint64_t to; start < end; start = to) {
        to = piece_end(start, end, PAGES_PIECE);
        if (!bh_slot_release(&instance->slot, start, to))
            return bh_end(instance, BH_FAULT_HOST_LIMIT, SIGKILL);
        if (to < end && bh_stopping(instance))
            return -EINTR;
    }
    bh_memory_sweep(instance);
    return 0;
}

/* What is mapped over something else makes the kernel free that: first in pieces. */
static int64_t make_way(bh_instance *instance, uint64_t start, uint64_t end) {
    return bh_space_free(&instance->slot.space, start, end) ? 0 : release(instance, start, end);
}

/* A shared mapping of a file that the guest has open. The kernel checks that it is open for what the protection says;
 * when somebody truncates it, an access is a SIGBUS of the guest. */
static int64_t map_file(bh_instance *instance, const struct bh_file *file, uint64_t start, uint64_t end, int protection,
                        uint64_t offset) {
    /* Ask outside the slot first: there a refusal (read-only descriptor, odd file system) is no catastrophe. */
    void *probe = bh_map_file(end - start, protection, file->host, offset);
    if (probe == MAP_FAILED)
        return -errno;
    munmap(probe, end - start);
    int64_t error = make_way(instance, start, end);
    if (error)
        return error;
    if (!bh_slot_map(instance->slot.base + start, end - start, protection, MAP_SHARED, file->host, offset))
        return poison(instance);
    bh_space_add(&instance->slot.space, start, end, protection, BH_PIECE_FILE, false);
    bh_space_note_file(&instance->slot.space, start, bh_memory_number(file->memory));
    return (int64_t)(instance->slot.base + start);
}

/* Private file mappings are copies: read in at once. */
static int64_t read_in(bh_instance *instance, const struct bh_file *file, uint64_t at, uint64_t size, uint64_t offset) {
    while (size) {
        if (bh_stopping(instance))
            return -EINTR;
        ssize_t got = pread(file->host, (void *)(uintptr_t)at, size < COPY_PIECE ? size : COPY_PIECE, (off_t)offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return got < 0 ? -errno : 0;
        at += (uint64_t)got;
        size -= (uint64_t)got;
        offset += (uint64_t)got;
    }
    return 0;
}

int64_t bh_sys_mmap(bh_instance *instance, const uint64_t a[6]) {
    struct bh_space *space = &instance->slot.space;
    uint64_t flags = (uint32_t)a[3], size = BH_PAGE_ROUND(a[1]);
    int protection = (int)a[2];
    struct bh_file *file = NULL;
    if (a[2] & PROT_EXEC)
        return bh_refuse(instance, EACCES, "mmap", "PROT_EXEC");
    if ((a[2] & ~(uint64_t)PROTECTIONS) || !a[1] || size < a[1] || size > BH_SLOT_SIZE ||
        (flags & ~(uint64_t)MAP_KNOWN))
        return -EINVAL;
    if (!(flags & MAP_ANONYMOUS)) {
        file = bh_file_get(instance, a[4]);
        if (!file)
            return -EBADF;
        int maps = file->kind == BH_FILE_DEVICE ? bh_device_maps(file) : file->kind == BH_FILE_REGULAR ? 0 : -EACCES;
        if (maps < 0)
            return maps;
        if (a[5] % BH_PAGE_SIZE)
            return -EINVAL;
        if (maps)
            file = NULL;
    }
    bool shared = file && (flags & MAP_TYPE_MASK) != MAP_PRIVATE;
    uint64_t start;
    if (flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)) {
        if (!bh_in_slot(instance, a[0], size))
            return bh_refuse(instance, ENOMEM, "mmap", "MAP_FIXED outside the slot");
        start = offset_of(instance, a[0]);
        if (!bh_space_allowed(space, start, start + size))
            return bh_refuse(instance, EINVAL, "mmap", "MAP_FIXED over pages that guests do not change");
        if ((flags & MAP_FIXED_NOREPLACE) && !bh_space_free(space, start, start + size))
            return -EEXIST;
    } else {
        start = bh_space_gap(space, size);
    }
    if (!start || !bh_slot_room(&instance->slot, 2))
        return -ENOMEM;
    /* What is in memory as a file counts as that. */
    if (!(shared && file->memory ? bh_space_affords_tables : bh_space_affords)(space, start, start + size))
        return -ENOMEM;
    if (shared)
        return map_file(instance, file, start, start + size, protection, a[5]);
    int64_t error = make_way(instance, start, start + size);
    if (!error)
        error = map_fresh(instance, start, start + size, file ? PROT_READ | PROT_WRITE : protection, BH_PIECE_ANON);
    if (error)
        return error;
    if (file) {
        error = read_in(instance, file, instance->slot.base + start, a[1], a[5]);
        if (error) {
            int64_t released = release(instance, start, start + size);
            return released ? released : error;
        }
        if (protection != (PROT_READ | PROT_WRITE)) {
            const uint64_t arguments[6] = {instance->slot.base + start, size, (uint64_t)protection};
            error = bh_sys_mprotect(instance, arguments);
            if (error)
                return error;
        }
    }
    return (int64_t)(instance->slot.base + start);
}

int64_t bh_sys_munmap(bh_instance *instance, const uint64_t a[6]) {
    uint64_t size = BH_PAGE_ROUND(a[1]);
    if (!a[1] || size < a[1] || !bh_in_slot(instance, a[0], size))
        return -EINVAL;
    uint64_t start = offset_of(instance, a[0]);
    if (!bh_space_allowed(&instance->slot.space, start, start + size))
        return bh_refuse(instance, EINVAL, "munmap", "pages that guests do not change");
    if (bh_space_cuts(&instance->slot.space, start, start + size) && !bh_slot_room(&instance->slot, 1))
        return -ENOMEM;
    return release(instance, start, start + size);
}

/* Piece by piece, so that the map stays true when the kernel refuses one of them, as it does for a file that is open
 * for reading only. Those before it have changed by then, as in Linux. */
static int64_t protect(bh_instance *instance, uint64_t start, uint64_t end, int protection) {
    struct bh_space *space = &instance->slot.space;
    bh_space_split(space, start, end);
    for (uint64_t to; start < end; start = to) {
        to = space->piece[bh_space_find(space, start)].end;
        uint64_t done = start;
        int64_t error = 0;
        while (done < to && !error) {
            uint64_t next = piece_end(done, to, PAGES_PIECE);
            if (mprotect((void *)(uintptr_t)(instance->slot.base + done), next - done, protection)) {
                error = -errno;
            } else {
                done = next;
                error = bh_stopping(instance) ? -EINTR : 0;
            }
        }
        if (done > start)
            bh_space_protect(space, start, done, protection);
        if (error)
            return error;
    }
    return 0;
}

int64_t bh_sys_mprotect(bh_instance *instance, const uint64_t a[6]) {
    uint64_t size = BH_PAGE_ROUND(a[1]);
    if (a[2] & PROT_EXEC)
        return bh_refuse(instance, EACCES, "mprotect", "PROT_EXEC");
    if ((a[2] & ~(uint64_t)PROTECTIONS) || size < a[1] || a[0] % BH_PAGE_SIZE)
        return -EINVAL;
    if (!size)
        return 0;
    if (!bh_in_slot(instance, a[0], size))
        return -ENOMEM;
    uint64_t start = offset_of(instance, a[0]);
    if (!bh_space_allowed(&instance->slot.space, start, start + size))
        return bh_refuse(instance, EACCES, "mprotect", "pages that guests do not change");
    /* One more than its ends, should it stop within a piece. */
    if (!bh_space_covered(&instance->slot.space, start, start + size) || !bh_slot_room(&instance->slot, 3))
        return -ENOMEM;
    return protect(instance, start, start + size, (int)a[2]);
}

/* Makes [start, end), anonymous memory of one protection, as large as size: where it is, or elsewhere when it may move.
 * Its address. */
static int64_t grow(bh_instance *instance, uint64_t start, uint64_t end, uint64_t size, int protection, bool move) {
    struct bh_space *space = &instance->slot.space;
    uint64_t stop = start + size;
    if (bh_space_allowed(space, end, stop) && bh_space_free(space, end, stop)) {
        if (!bh_space_affords(space, end, stop))
            return -ENOMEM;
        int64_t error = map_fresh(instance, end, stop, protection, BH_PIECE_ANON);
        return error ? error : (int64_t)(instance->slot.base + start);
    }
    uint64_t target = move ? bh_space_gap(space, size) : 0;
    /* The old one goes when the new one is there: the limit is not for both. */
    if (!target || protection != (PROT_READ | PROT_WRITE) ||
        !bh_space_affords(space, target, target + size - (end - start)))
        return -ENOMEM;
    int64_t error = map_fresh(instance, target, target + size, protection, BH_PIECE_ANON);
    if (error)
        return error;
    for (uint64_t done = 0, next; done < end - start; done = next) {
        next = piece_end(done, end - start, COPY_PIECE);
        const void *from = (const void *)(uintptr_t)(instance->slot.base + start + done);
        if (bh_guarded_copy((void *)(uintptr_t)(instance->slot.base + target + done), from, next - done)) {
            error = release(instance, target, target + size);
            return error ? error : -EFAULT;
        }
        if (bh_stopping(instance))
            return -EINTR;
    }
    error = release(instance, start, end);
    return error ? error : (int64_t)(instance->slot.base + target);
}

/* Never passed to the kernel: moving a mapping would leave a hole, and another mapping's worth of surprises. */
int64_t bh_sys_mremap(bh_instance *instance, const uint64_t a[6]) {
    struct bh_space *space = &instance->slot.space;
    uint64_t old_size = BH_PAGE_ROUND(a[1]), new_size = BH_PAGE_ROUND(a[2]);
    if (!a[1] || !a[2] || old_size < a[1] || new_size < a[2] || new_size > BH_SLOT_SIZE ||
        (a[3] & ~(uint64_t)MREMAP_MAYMOVE))
        return -EINVAL;
    if (!bh_in_slot(instance, a[0], old_size))
        return -EFAULT;
    uint64_t start = offset_of(instance, a[0]), end = start + old_size;
    if (!bh_space_allowed(space, start, end) || !bh_space_covered(space, start, end))
        return -EFAULT;
    const struct bh_piece first = space->piece[bh_space_find(space, start)];
    /* One kind, one protection: as for the kernel, which wants one mapping. */
    for (unsigned at = bh_space_find(space, start); at < space->count && space->piece[at].start < end; at++)
        if (space->piece[at].kind != first.kind || space->piece[at].protection != first.protection)
            return -EFAULT;
    if (new_size == old_size)
        return (int64_t)a[0];
    if (!bh_slot_room(&instance->slot, 2))
        return -ENOMEM;
    if (new_size < old_size) {
        int64_t error = release(instance, start + new_size, end);
        return error ? error : (int64_t)a[0];
    }
    /* Of what the guest did not map itself nothing grows or moves. ENOMEM says that memory is there, and more is not:
     * musl finds the end of the first thread's stack that way. */
    return first.kind == BH_PIECE_ANON ? grow(instance, start, end, new_size, first.protection, a[3] & MREMAP_MAYMOVE)
                                       : -ENOMEM;
}

/* Advice may be ignored, but MADV_DONTNEED promises zeros. Only anonymous memory of the guest is ever dropped: dropped
 * code would come back as zeros, which are instructions. */
int64_t bh_sys_madvise(bh_instance *instance, const uint64_t a[6]) {
    uint64_t size = BH_PAGE_ROUND(a[1]);
    if (size < a[1] || a[0] % BH_PAGE_SIZE)
        return -EINVAL;
    if (!size)
        return 0;
    if (!bh_in_slot(instance, a[0], size))
        return -ENOMEM;
    uint64_t start = offset_of(instance, a[0]), end = start + size;
    if (!bh_space_allowed(&instance->slot.space, start, end))
        return bh_refuse(instance, EINVAL, "madvise", "pages that guests do not change");
    if (!bh_space_covered(&instance->slot.space, start, end))
        return -ENOMEM;
    if ((int)a[2] != MADV_DONTNEED)
        return 0;
    for (unsigned at = bh_space_find(&instance->slot.space, start);
         at < instance->slot.space.count && instance->slot.space.piece[at].start < end; at++)
        if (instance->slot.space.piece[at].kind != BH_PIECE_ANON && instance->slot.space.piece[at].kind != BH_PIECE_BRK)
            return -EINVAL;
    for (uint64_t to; start < end; start = to) {
        to = piece_end(start, end, PAGES_PIECE);
        if (madvise((void *)(uintptr_t)(instance->slot.base + start), to - start, MADV_DONTNEED))
            return -errno;
        if (to < end && bh_stopping(instance))
            return -EINTR;
    }
    return 0;
}

/* Shared mappings of files are the kernel's own, so it writes them out; other threads of the guest go on meanwhile. */
int64_t bh_sys_msync(bh_instance *instance, const uint64_t a[6]) {
    uint64_t size = BH_PAGE_ROUND(a[1]), start = offset_of(instance, a[0]), end = start + size;
    int flags = (int)a[2];
    if ((flags & ~(MS_ASYNC | MS_INVALIDATE | MS_SYNC)) || (flags & (MS_ASYNC | MS_SYNC)) == (MS_ASYNC | MS_SYNC) ||
        a[0] % BH_PAGE_SIZE)
        return -EINVAL;
    if (size < a[1])
        return -ENOMEM;
    if (!size)
        return 0;
    if (!bh_in_slot(instance, a[0], size) || !bh_space_covered(&instance->slot.space, start, end))
        return -ENOMEM;
    int64_t error = 0;
    for (uint64_t to; start < end && !error; start = to) {
        to = piece_end(start, end, SYNC_PIECE);
        bh_busy_begin(instance, NULL, 0);
        error = msync((void *)(uintptr_t)(instance->slot.base + start), to - start, flags) ? -errno : 0;
        bh_busy_end(instance);
        if (!error && to < end && bh_stopping(instance))
            error = -EINTR;
    }
    return error;
}

int64_t bh_sys_brk(bh_instance *instance, const uint64_t a[6]) {
    struct bh_space *space = &instance->slot.space;
    int64_t now = (int64_t)(instance->slot.base + space->brk);
    if (!bh_in_slot(instance, a[0], 0))
        return now;
    uint64_t want = offset_of(instance, a[0]), old_end = BH_PAGE_ROUND(space->brk), new_end = BH_PAGE_ROUND(want);
    if (want < space->brk_start || new_end > space->high)
        return now;
    if (new_end > old_end) {
        if (!bh_space_free(space, old_end, new_end) || !bh_space_affords(space, old_end, new_end) ||
            !bh_slot_room(&instance->slot, 1))
            return now;
        int64_t error = map_fresh(instance, old_end, new_end, PROT_READ | PROT_WRITE, BH_PIECE_BRK);
        if (error)
            return error;
    } else if (new_end < old_end) {
        /* The guest may have unmapped some of it, and the host have put a share there. */
        if (!bh_space_allowed(space, new_end, old_end) || !bh_slot_room(&instance->slot, 1))
            return now;
        int64_t error = release(instance, new_end, old_end);
        if (error)
            return error;
    }
    space->brk = want;
    return (int64_t)a[0];
}

/* Task and frame stand in for a guest's call: where a handler would note why it ends it. */
int64_t bh_on_behalf(bh_instance *instance, bh_syscall *call, const uint64_t a[6]) {
    struct bh_frame scratch = {0};
    struct bh_task task = {.instance = instance, .outer = bh_this_thread.task};
    if (instance->threads)
        bh_this_thread.task = &task;
    struct bh_task *used = bh_task_of(instance);
    struct bh_frame *frame = used->frame;
    used->frame = &scratch;
    int64_t result = call(instance, a);
    used->frame = frame;
    bh_this_thread.task = task.outer;
    return result;
}

int64_t bh_map_for_host(bh_instance *instance, uint64_t size) {
    const uint64_t a[6] = {0, size, PROTECTIONS, MAP_PRIVATE | MAP_ANONYMOUS, UINT64_MAX, 0};
    return bh_on_behalf(instance, bh_sys_mmap, a);
}

int64_t bh_unmap_for_host(bh_instance *instance, uint64_t address, uint64_t size) {
    const uint64_t a[6] = {address, size};
    return bh_on_behalf(instance, bh_sys_munmap, a);
}
