// What C++'s run time believes, forged: unwind tables, contexts, exceptions, virtual tables and types. It is all the
// guest's own, with no other rights: whatever it makes of them, nothing outside the slot changes. The lowest digit of
// `mode`, which is octal, says what is forged, the others are the seed.
// RUN: %bulkhead-clangxx -O1 -fno-omit-frame-pointer --library %s -o %t && %bulkhead-verify %t
// RUN: %build/test/attacks/attack-host %t contained 010
// RUN: %build/test/attacks/attack-host %t contained 070
// RUN: %build/test/attacks/attack-host %t contained 011
// RUN: %build/test/attacks/attack-host %t contained 021
// RUN: %build/test/attacks/attack-host %t contained 051
// RUN: %build/test/attacks/attack-host %t contained 012
// RUN: %build/test/attacks/attack-host %t contained 042
// RUN: %build/test/attacks/attack-host %t contained 013
// RUN: %build/test/attacks/attack-host %t contained 023
// RUN: %build/test/attacks/attack-host %t contained 014
// RUN: %build/test/attacks/attack-host %t contained 024
// RUN: %build/test/attacks/attack-host %t contained 015
// RUN: %build/test/attacks/attack-host %t contained 025
// RUN: %build/test/attacks/attack-host %t contained 036
// RUN: %build/test/attacks/attack-host %t contained 046
// RUN: %build/test/attacks/attack-host %t contained 027
// RUN: %build/test/attacks/attack-host %t contained 037
// RUN: %build/test/attacks/attack-host %t contained 077
// Where r14 is the thread pointer.
// RUN: %bulkhead-clangxx -O1 -fno-omit-frame-pointer -pthread --library %s -o %t && %bulkhead-verify %t
// RUN: %build/test/attacks/attack-host %t contained 011
// RUN: %build/test/attacks/attack-host %t contained 012
// RUN: %build/test/attacks/attack-host %t contained 013
// RUN: %build/test/attacks/attack-host %t contained 014
// RUN: %build/test/attacks/attack-host %t contained 015
// RUN: %build/test/attacks/attack-host %t contained 036
#include <csetjmp>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <cxxabi.h>
#include <exception>
#include <initializer_list>
#include <libunwind.h>
#include <link.h>
#include <stdexcept>
#include <sys/mman.h>
#include <typeinfo>
#include <unwind.h>

extern "C" {
unsigned char arena[65536] __attribute__((aligned(4096)));
long mode, tried; // set and read by the host
long benign() { return 42; }
void *__cxa_get_globals();
void __register_frame(const void *);
void __deregister_frame(const void *);
void __libunwind_Registers_x86_64_jumpto(void *);
}

static uint64_t outside[4], seed = 1;
static uint64_t random64() {
  seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
  return seed;
}
// Addresses worth having, near and far.
static uint64_t forged() {
  uint64_t base = reinterpret_cast<uint64_t>(arena) & ~uint64_t(0xffffffff);
  switch (random64() % 10) {
  case 0: return random64();
  case 1: return outside[random64() % 4] + random64() % 64 - 32;
  case 2: return base + (random64() & 0xffffffff);
  case 3: return base - random64() % 65536;
  case 4: return base + 0xffffffff - random64() % 65536;
  case 5: return reinterpret_cast<uint64_t>(forged) + random64() % 65536;
  case 6: return random64() % 4096;
  case 7: return uint64_t(1) << random64() % 64;
  case 8: return outside[random64() % 4];
  default: return reinterpret_cast<uint64_t>(arena) + random64() % sizeof(arena);
  }
}

// A fault or std::abort ends an attempt, and the next one follows.
static sigjmp_buf again;
static void ended(int) { siglongjmp(again, 1); }
static void start() {
  static char stack[16384];
  stack_t other = {};
  other.ss_sp = stack, other.ss_size = sizeof(stack);
  sigaltstack(&other, nullptr);
  struct sigaction action = {};
  action.sa_handler = ended;
  action.sa_flags = SA_ONSTACK | SA_NODEFER;
  for (int number : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGABRT}) sigaction(number, &action, nullptr);
}
// Its variables are not in registers, which attempts forge.
static volatile long left;
static void (*volatile attempt)();
__attribute__((noinline)) static void repeat(long count, void (*what)()) {
  for (left = count, attempt = what; left > 0; left = left - 1) {
    tried++;
    if (!sigsetjmp(again, 1)) attempt();
  }
}

static void (*before_throw)();
__attribute__((noinline)) static void fail(int depth) {
  struct Local { ~Local() { arena[0]++; } } local;
  if (depth) { fail(depth - 1); return; }
  if (before_throw) before_throw();
  throw std::runtime_error("thrown");
}
__attribute__((noinline)) static void catches() {
  try { fail(5); } catch (const std::logic_error &) { arena[1]++; } catch (const std::exception &) { arena[2]++; }
}

// ---- The image's own tables, made writable ----

static struct { unsigned char *begin; size_t size; } header, tables;
static int find_tables(dl_phdr_info *info, size_t, void *) {
  for (int i = 0; i < info->dlpi_phnum; i++) {
    const auto &segment = info->dlpi_phdr[i];
    unsigned char *begin = reinterpret_cast<unsigned char *>(info->dlpi_addr + segment.p_vaddr);
    if (segment.p_type == PT_GNU_EH_FRAME) header = {begin, segment.p_memsz};
    if (segment.p_type == PT_LOAD && segment.p_flags == PF_R) tables = {begin, segment.p_memsz};
  }
  return 0;
}
static void writable_tables() {
  dl_iterate_phdr(find_tables, nullptr);
  if (mprotect(tables.begin, (tables.size + 4095) & ~size_t(4095), PROT_READ | PROT_WRITE)) { tried = 0; return; }
}
// Some bytes of [at, at + size) changed for one attempt.
static void mutated(unsigned char *at, size_t size, int count) {
  static struct { unsigned char *at, was; } undo[64];
  static int undone;
  for (; undone; undone--) *undo[undone - 1].at = undo[undone - 1].was;
  while (undone < count) {
    unsigned char *here = at + random64() % size;
    undo[undone].at = here, undo[undone].was = *here, undone++;
    *here = random64() % 3 ? random64() : *here ^ 1 << random64() % 8;
  }
}
// The language-specific data of fail, and of what calls it.
static uint64_t lsda[8];
static int lsda_count;
static _Unwind_Reason_Code find_lsda(_Unwind_Context *context, void *) {
  uint64_t data = _Unwind_GetLanguageSpecificData(context);
  if (data && lsda_count < 8) lsda[lsda_count++] = data;
  return _URC_NO_REASON;
}
static void own_tables() {
  before_throw = [] { _Unwind_Backtrace(find_lsda, nullptr); };
  repeat(1, catches);
  before_throw = nullptr;
  if (arena[0] != 6 || arena[2] != 1 || lsda_count < 7) { tried = 0; return; }
  dl_iterate_phdr(find_tables, nullptr);
  if (mprotect(tables.begin, (tables.size + 4095) & ~size_t(4095), PROT_READ | PROT_WRITE)) { tried = 0; return; }
  static unsigned char *frames;
  frames = header.begin + 4 + *reinterpret_cast<int *>(header.begin + 4);
  repeat(300, [] { mutated(header.begin, header.size, 1 + random64() % 20); catches(); });
  repeat(300, [] { mutated(frames, tables.begin + tables.size - frames, 64); catches(); });
  repeat(300, [] {
    mutated(reinterpret_cast<unsigned char *>(lsda[random64() % lsda_count]), 40, 1 + random64() % 4);
    catches();
  });
}

// ---- Tables of the guest's own, for a function that has none ----

extern "C" void __gxx_personality_v0();
extern "C" __attribute__((nouwtable, noinline, optnone)) int bridge(int (*callee)() noexcept) { return callee() + 1; }
static int (*volatile known_to_throw)(int (*)() noexcept) = bridge;
static int thrower() { fail(0); return 0; }

static unsigned char made[512], *at;
static void byte(uint64_t value) { *at++ = value; }
static void word(uint64_t value, int size) { std::memcpy(at, &value, size), at += size; }
static unsigned char *begin_entry() { at += 4; return at; }
static void end_entry(unsigned char *from) {
  while ((at - made) % 8) byte(0); // DW_CFA_nop
  uint32_t length = at - from;
  std::memcpy(from - 4, &length, 4);
}
// An entry for bridge, whose frame is as rbp has it, with these instructions behind and these pointers.
static void make(uint64_t personality, uint64_t data, const unsigned char *more, size_t size) {
  at = made;
  unsigned char *from = begin_entry();
  word(0, 4), byte(1), byte('z'), byte('P'), byte('L'), byte('R'), byte(0), byte(1), byte(0x78), byte(16);
  byte(1 + 8 + 1 + 1), byte(0), word(personality, 8), byte(0), byte(0);
  byte(0x0c), byte(6), byte(16);     // DW_CFA_def_cfa rbp, 16
  byte(0x80 | 6), byte(2);           // rbp at -16
  byte(0x80 | 16), byte(1);          // rip at -8
  end_entry(from);
  unsigned char *description = at;
  from = begin_entry();
  word(from - made, 4), word(reinterpret_cast<uint64_t>(bridge), 8), word(256, 8), byte(8), word(data, 8);
  if (size) std::memcpy(at, more, size);
  at += size;
  end_entry(from);
  word(0, 4);
  __register_frame(description);
}
static void through_bridge() {
  unsigned char *description = made + 4 + *reinterpret_cast<uint32_t *>(made);
  struct Gone { unsigned char *it; ~Gone() { __deregister_frame(it); } } gone{description};
  try { known_to_throw(reinterpret_cast<int (*)() noexcept>(thrower)); } catch (...) { arena[4]++; }
}
// DW_CFA_def_cfa_expression, DW_CFA_expression or DW_CFA_val_expression with what may stand there.
static size_t random_rules(unsigned char *rules) {
  unsigned char *to = rules;
  for (int left = 1 + random64() % 4; left--;) {
    static const unsigned char kinds[] = {0x0f, 0x10, 0x16, 0x0c, 0x05, 0x09, 0x0e, 0x2e, 0x0a, 0x0b};
    unsigned char kind = kinds[random64() % sizeof(kinds)];
    *to++ = kind;
    if (kind == 0x10 || kind == 0x16) *to++ = random64() % 3 ? random64() % 17 : random64() % 128;
    if (kind == 0x0f || kind == 0x10 || kind == 0x16) {
      unsigned char *length = to++;
      uint64_t address = forged();
      *to++ = 0x0e, std::memcpy(to, &address, 8), to += 8; // DW_OP_const8u
      for (int n = random64() % 12; n--;) *to++ = random64() % 2 ? 0x06 : random64(); // DW_OP_deref
      *length = to - length - 1;
    } else if (kind != 0x0a && kind != 0x0b) {
      for (int n = 0; n < 2; n++) *to++ = random64() % 3 ? random64() % 128 : 0x80 | random64();
    }
  }
  return to - rules;
}
static void made_tables() {
  repeat(1, [] { make(0, 0, nullptr, 0); through_bridge(); });
  if (arena[4] != 1) { tried = 0; return; }
  repeat(300, [] {
    unsigned char rules[128];
    size_t size = random_rules(rules);
    make(random64() % 4 ? 0 : forged(), 0, rules, size);
    through_bridge();
  });
  repeat(100, [] {
    make(random64() % 2 ? reinterpret_cast<uint64_t>(__gxx_personality_v0) : forged(), forged(), nullptr, 0);
    through_bridge();
  });
}

// ---- Contexts ----

static void registers() {
  repeat(300, [] {
    unw_context_t context;
    unw_cursor_t cursor;
    unw_getcontext(&context);
    unw_init_local(&cursor, &context);
    if (random64() % 2) unw_step(&cursor);
    for (int n = random64() % 6; n--;) unw_set_reg(&cursor, random64() % 18 - 2, forged());
    if (random64() % 3 == 0) unw_step(&cursor);
    unw_resume(&cursor);
  });
}
static void blocks() {
  repeat(300, [] {
    unw_context_t context;
    uint64_t words[sizeof(context) / 8];
    for (uint64_t &word : words) word = forged();
    std::memcpy(&context, words, sizeof(context));
    unw_cursor_t cursor;
    unw_init_local(&cursor, &context);
    unw_resume(&cursor);
  });
}
// libunwind trusts a stop function with its cursor.
static _Unwind_Reason_Code forge_context(int, _Unwind_Action, _Unwind_Exception_Class, _Unwind_Exception *,
                                         _Unwind_Context *context, void *) {
  if (random64() % 2) _Unwind_SetIP(context, forged());
  _Unwind_SetGR(context, random64() % 17, forged());
  return random64() % 4 ? _URC_NO_REASON : _URC_INSTALL_CONTEXT;
}
static void stop() {
  repeat(300, [] {
    static _Unwind_Exception exception;
    _Unwind_ForcedUnwind(&exception, forge_context, nullptr);
  });
}
// In the middle of what loads the registers, with a block of forged ones.
static void middle() {
  repeat(300, [] {
    uint64_t block[32];
    for (uint64_t &word : block) word = forged();
    uint64_t into = reinterpret_cast<uint64_t>(__libunwind_Registers_x86_64_jumpto) + random64() % 160;
    reinterpret_cast<void (*)(void *, void *)>(into)(block, block);
  });
}

// ---- Exceptions, virtual tables and types ----

static void exceptions() {
  repeat(300, [] {
    // The header, whatever it has where (cxa_exception.h), and the unwinder's part of it lie before the object.
    uint64_t *thrown = static_cast<uint64_t *>(abi::__cxa_allocate_exception(64));
    for (int n = 1; n <= 16; n++) if (random64() % 3 == 0) thrown[-n] = forged();
    if (random64() % 2) thrown[-4] = 0x434c4e47432b2b00; // the class of C++'s own
    auto *exception = reinterpret_cast<_Unwind_Exception *>(thrown - 4);
    try {
      try { _Unwind_RaiseException(exception); } catch (const std::exception &) { throw; }
    } catch (...) {}
    abi::__cxa_begin_catch(exception);
    abi::__cxa_end_catch();
  });
  repeat(300, [] {
    auto *type = const_cast<std::type_info *>(&typeid(int));
    if (random64() % 3) type = reinterpret_cast<std::type_info *>(forged());
    auto *destroy = reinterpret_cast<void (*)(void *)>(forged());
    try { abi::__cxa_throw(abi::__cxa_allocate_exception(16), type, destroy); } catch (int) {}
  });
  repeat(100, [] {
    // Of the thread: what is caught, and how many are in flight.
    uint64_t *globals = reinterpret_cast<uint64_t *>(__cxa_get_globals()), was = *globals;
    *globals = forged();
    try { try { throw; } catch (...) { arena[5]++; } } catch (...) {}
    *globals = was;
  });
}

struct Base { virtual ~Base(); virtual long act() { return 1; } };
Base::~Base() {}
struct Derived : virtual Base { long act() override { return 2; } };
static void types() {
  static uint64_t table[16], type[8], object[4];
  repeat(600, [] {
    for (uint64_t &word : table) word = forged();
    for (uint64_t &word : type) word = forged();
    if (random64() % 2) std::memcpy(type, reinterpret_cast<const void *>(&typeid(Derived)), 24);
    if (random64() % 2) type[random64() % 4] = forged();
    if (random64() % 2) table[7] = reinterpret_cast<uint64_t>(type);
    object[0] = random64() % 4 ? reinterpret_cast<uint64_t>(table + 8) : forged();
    Base *volatile base = reinterpret_cast<Base *>(object);
    switch (random64() % 4) {
    case 0: arena[6] += base->act(); break;
    case 1: arena[6] += dynamic_cast<Derived *>(base) == nullptr; break;
    case 2: { Base &it = *base; arena[6] += typeid(it) == typeid(Derived); break; }
    default: base->~Base();
    }
  });
}

extern "C" long attack(uint64_t secret, uint64_t function, uint64_t stack, uint64_t next) {
  outside[0] = secret, outside[1] = function, outside[2] = stack, outside[3] = next;
  start();
  void (*const modes[])() = {own_tables, made_tables, registers, blocks, stop, middle, exceptions, types};
  seed += mode / 8;
  modes[mode % 8]();
  return tried;
}
