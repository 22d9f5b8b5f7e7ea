//===- Plugin.cpp - Registers everything with stock clang, llc and lld ------===//

#include "AlignTargets.h"
#include "Inlining.h"
#include "ObjectBounds.h"
#include "Options.h"
#include "Policy.h"
#include "Streamers.h"
#include "Threads.h"
#include "llvm/CodeGen/Passes.h"
#include "llvm/CodeGen/TargetPassConfig.h"
#include "llvm/Config/llvm-config.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Pass.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Plugins/PassPlugin.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Target/RegisterTargetPassConfigCallback.h"
#include "llvm/Target/TargetMachine.h"
#include <mutex>

#if LLVM_VERSION_MAJOR != 22
#error "Bulkhead's plugin is written for LLVM 22; see BULKHEAD_LLVM_VERSION in CMakeLists.txt"
#endif

using namespace llvm;
using namespace bulkhead;

namespace {

/// Reports why the target cannot be isolated, once there is a module whose context
/// takes diagnostics.
class Refuse : public ModulePass {
public:
  static char ID;
  explicit Refuse(std::string Why) : ModulePass(ID), Why(std::move(Why)) {}
  StringRef getPassName() const override { return "Bulkhead: refuse the target"; }
  bool runOnModule(Module &M) override {
    M.getContext().emitError("bulkhead: " + Why);
    return false;
  }

private:
  std::string Why;
};

} // namespace

char Refuse::ID;

// Called before instruction selection is set up and before the streamer exists.
static void configureCodeGen(TargetMachine &TM, PassManagerBase &PM, TargetPassConfig *Config) {
  if (TM.getTargetTriple().getArch() != Triple::x86_64 || !TM.getTargetTriple().isOSBinFormatELF()) {
    PM.add(new Refuse("only x86-64 ELF can be isolated, not " + TM.getTargetTriple().str()));
    return;
  }
  if (TM.getCodeModel() != CodeModel::Small)
    PM.add(new Refuse("only -mcmodel=small can be isolated: a slot is 4 GiB"));
  if (TM.getRelocationModel() != Reloc::PIC_)
    PM.add(new Refuse("guests are position independent; compile with -fPIE"));
  if (cl::Option *O = cl::getRegisteredOptions().lookup("enable-machine-outliner");
      laysOutBundles() && O && O->getNumOccurrences())
    PM.add(new Refuse("-enable-machine-outliner makes functions whose returns may change no register "
                      "and no flag, as masked ones do; compile without it"));
  // ThinLTO generates code on several threads.
  static std::once_flag Once;
  std::call_once(Once, [&] { installStreamers(const_cast<Target &>(TM.getTarget())); });
  // The linker would rewrite relaxable references after the layout.
  TM.Options.MCOptions.X86RelaxRelocations = false;
  // Marks the calls whose return address is never used: see freeNoReturnCalls.
  if (laysOutBundles()) {
    TM.Options.TrapUnreachable = true;
    TM.Options.NoTrapAfterNoreturn = false;
  }
  Config->insertPass(&FinalizeISelID, createObjectBoundsPass());
  if (threads()) {
    PM.add(createReserveThreadPointerPass(TM));
    Config->insertPass(&UnpackMachineBundlesID, createCheckThreadPointerPass());
  }
  if (laysOutBundles())
    Config->insertPass(&UnpackMachineBundlesID, createAlignTargetsPass());
}

// Kept for the life of the process: LLVM holds a pointer to it.
static RegisterTargetPassConfigCallback *Callback = new RegisterTargetPassConfigCallback(configureCodeGen);

extern "C" __attribute__((visibility("default"))) PassPluginLibraryInfo llvmGetPassPluginInfo() {
  return {LLVM_PLUGIN_API_VERSION, "Bulkhead", "1", [](PassBuilder &PB) {
            (void)Callback;
            PB.registerPipelineStartEPCallback([](ModulePassManager &MPM, OptimizationLevel) {
              MPM.addPass(PolicyPass(/*First=*/true));
              MPM.addPass(WeighCallsPass());
            });
            // Optimisations create new references, globals and functions.
            PB.registerOptimizerLastEPCallback([](ModulePassManager &MPM, OptimizationLevel, ThinOrFullLTOPhase) {
              MPM.addPass(PolicyPass(/*First=*/false));
            });
          }};
}
