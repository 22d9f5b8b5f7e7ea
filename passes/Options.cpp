#include "Options.h"
#include "llvm/Support/CommandLine.h"

using namespace llvm;
using namespace bulkhead;

static cl::OptionCategory Category("Bulkhead", "Software fault isolation");

static cl::opt<Isolation>
    IsolationOption("bulkhead-isolate", cl::cat(Category), cl::init(Isolation::Full),
                    cl::desc("What the code may not do outside its slot"),
                    cl::values(clEnumValN(Isolation::Full, "full", "read, write and jump (the default)"),
                               clEnumValN(Isolation::Stores, "stores",
                                          "write and jump; reads are not confined, and the "
                                          "host must accept that explicitly")));

static cl::opt<Padding> PaddingOption("bulkhead-padding", cl::cat(Category), cl::init(Padding::Prefix),
                                      cl::desc("What fills bundles"),
                                      cl::values(clEnumValN(Padding::Prefix, "prefix",
                                                            "redundant prefixes and longer encodings where "
                                                            "possible (the default)"),
                                                 clEnumValN(Padding::Nop, "nop", "nop instructions only")));

static cl::opt<bool> ThreadsOption("bulkhead-threads", cl::cat(Category), cl::init(false),
                                   cl::desc("Build for threads: r14 is the thread pointer and nothing else (what "
                                            "bulkhead-clang -pthread asks for)"));

namespace {
enum class Ingredient { Both, Addressing, Bundles };
}

static cl::opt<Ingredient> OnlyOption(
    "bulkhead-only", cl::cat(Category), cl::Hidden, cl::init(Ingredient::Both),
    cl::desc("For measurements: one ingredient of isolation, without the other. What "
             "comes out does not verify"),
    cl::values(clEnumValN(Ingredient::Addressing, "addressing", "memory operands are confined, and nothing else"),
               clEnumValN(Ingredient::Bundles, "bundles", "bundles and masked branches, and nothing else")));

bool bulkhead::confinesAddresses() { return OnlyOption != Ingredient::Bundles; }
bool bulkhead::laysOutBundles() { return OnlyOption != Ingredient::Addressing; }
bool bulkhead::threads() { return ThreadsOption; }
Isolation bulkhead::isolation() { return IsolationOption; }
Padding bulkhead::padding() { return PaddingOption; }
