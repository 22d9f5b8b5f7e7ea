#include "Policy.h"
#include "Features.h"
#include "Options.h"
#include "Report.h"
#include "Streamers.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/IR/Function.h"
#include "llvm/IR/GlobalIFunc.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InlineAsm.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/Module.h"

using namespace llvm;
using namespace bulkhead;

/// Everything is linked into one static image, so every symbol is local to it and
/// no access goes through a table that the linker would rewrite. Weak references
/// stay as they are: their address may be null, which no direct call can reach.
static void makeLocal(Module &M) {
  for (GlobalValue &V : M.global_values()) {
    if (V.hasExternalWeakLinkage()) {
      if (auto *F = dyn_cast<Function>(&V))
        F->addFnAttr(Attribute::NonLazyBind);
      V.setDSOLocal(false);
      continue;
    }
    if (!V.hasDLLImportStorageClass())
      V.setDSOLocal(true);
  }
  for (GlobalVariable &V : M.globals())
    if (V.isThreadLocal())
      V.setThreadLocalMode(GlobalVariable::LocalExecTLSModel);
  // A direct call to a weak reference needs the address in a register.
  for (Function &F : M)
    for (Instruction &I : instructions(F))
      if (auto *Call = dyn_cast<CallBase>(&I))
        if (auto *Callee = Call->getCalledFunction())
          if (Callee->hasExternalWeakLinkage() && !Callee->isIntrinsic())
            Call->addFnAttr(Attribute::NonLazyBind);
}

/// coldcc preserves every register that a return could go through. To callers that
/// is only an optimisation, so all of this world does without it.
static void makeColdOrdinary(Module &M) {
  for (Function &F : M) {
    if (F.getCallingConv() == CallingConv::Cold)
      F.setCallingConv(CallingConv::C);
    for (Instruction &I : instructions(F))
      if (auto *Call = dyn_cast<CallBase>(&I))
        if (Call->getCallingConv() == CallingConv::Cold)
          Call->setCallingConv(CallingConv::C);
  }
}

/// Whether text in assembly language has a return, or a branch through memory: what these
/// become goes through rcx or r11.
static bool branchesThroughRegister(StringRef Text) {
  SmallVector<StringRef, 32> Tokens;
  SplitString(Text, Tokens, " \t\n;:");
  bool Branch = false;
  for (StringRef Token : Tokens) {
    if (Token == "ret" || Token == "retq" || (Branch && (Token[0] == '*' || Token[0] == '[')))
      return true;
    Branch = Token.starts_with("jmp") || Token.starts_with("call");
  }
  return false;
}

/// Inline assembly that calls a piece of itself, as encryption by AES-NI does, expects
/// its returns to change no register. The compiler is told which ones they do.
static void tellClobbers(CallBase &Call) {
  auto *Asm = cast<InlineAsm>(Call.getCalledOperand());
  std::string Constraints = Asm->getConstraintString().str();
  StringRef Old = Constraints;
  std::string New;
  for (auto [Register, Operand] : {std::pair("rcx", "cx}"), {"r11", "{r11"}})
    if (!Old.contains(("~{" + Twine(Register) + "}").str()) && !Old.contains(Operand) &&
        !(Register == StringRef("rcx") && Old.contains("{cl}")))
      New += (",~{" + Twine(Register) + "}").str();
  if (New.empty() || !branchesThroughRegister(Asm->getAsmString()))
    return;
  Constraints += StringRef(New).drop_front(Constraints.empty());
  Call.setCalledOperand(InlineAsm::get(Asm->getFunctionType(), Asm->getAsmString(), Constraints, Asm->hasSideEffects(),
                                       Asm->isAlignStack(), Asm->getDialect(), Asm->canThrow()));
}

/// What is wrong with a call, or nothing.
static StringRef whyRefused(const CallBase &Call) {
  if (Call.getCallingConv() == CallingConv::X86_RegCall || Call.getCallingConv() == CallingConv::PreserveNone)
    return "this calling convention passes an argument in r11, which indirect calls "
           "need";
  const Function *Callee = Call.getCalledFunction();
  if (!Callee)
    return {};
  switch (Callee->getIntrinsicID()) {
  case Intrinsic::init_trampoline:
    return "a trampoline is code on the stack, which is never executable here; pass a "
           "pointer to the data beside the function";
  case Intrinsic::experimental_patchpoint_void:
  case Intrinsic::experimental_patchpoint:
  case Intrinsic::experimental_stackmap:
  case Intrinsic::experimental_gc_statepoint:
    return "patch points and stack maps are for code that changes at run time, which "
           "is never writable here";
  default: break;
  }
  if (acceptsIntrinsic(*Callee))
    return {};
  StringRef Name = Callee->getName();
  if (Name.contains(".avx2.gather") || Name.contains(".avx512"))
    return "gathers and AVX-512 are not accepted; use scalar loads";
  return "this intrinsic function's instruction is not accepted; docs/instructions.md "
         "has those that are";
}

/// After an error nothing of \p F will be used, and what was refused could not be
/// compiled without the features that dropFeatures takes away.
static void empty(Function &F) {
  GlobalValue::LinkageTypes Linkage = F.getLinkage();
  Comdat *Group = F.getComdat();
  F.deleteBody();
  F.setLinkage(Linkage);
  F.setComdat(Group);
  new UnreachableInst(F.getContext(), BasicBlock::Create(F.getContext(), "", &F));
}

/// What the function is compiled with against misprediction; empty if nothing.
static StringRef hardeningOf(const Function &F) {
  if (F.hasFnAttribute(Attribute::SpeculativeLoadHardening))
    return "speculative load hardening";
  StringRef Features = F.getFnAttribute("target-features").getValueAsString();
  if (Features.contains("+retpoline"))
    return "-mretpoline";
  if (Features.contains("+seses"))
    return "-mseses";
  return Features.contains("+lvi-") ? "-mlvi-hardening or -mlvi-cfi" : "";
}

static void checkFunction(Function &F) {
  if (F.hasFnAttribute("split-stack"))
    reportIn(F, "-fsplit-stack writes a register that returns need; compile "
                "without it");
  if (F.hasFnAttribute(Attribute::FnRetThunkExtern))
    reportIn(F, "-mfunction-return cannot protect code whose returns are masked; compile "
                "without it");
  if (F.hasFnAttribute("function-instrument") || F.hasFnAttribute("xray-instruction-threshold"))
    reportIn(F, "-fxray-instrument leaves room for code that is written at run time, which "
                "is never possible here; compile without it");
  StringRef Profiler = F.getFnAttribute("instrument-function-entry-inlined").getValueAsString();
  if (F.hasFnAttribute("fentry-call") || (!Profiler.empty() && !Profiler.starts_with("__cyg_profile_func_")))
    reportIn(F, "-pg calls the profiler before the frame exists; compile "
                "without it");
  if (F.hasFnAttribute("patchable-function") || F.hasFnAttribute("patchable-function-entry"))
    reportIn(F, "patchable functions change code at run time, which is never "
                "writable here");
  if (F.hasPrefixData() || F.hasPrologueData() || F.getMetadata(LLVMContext::MD_kcfi_type))
    reportIn(F, "data in front of a function would stand among its code; compile "
                "without -fsanitize=kcfi, cfi and the like");
  if (StringRef Hardening = hardeningOf(F); !Hardening.empty())
    reportIn(F, Hardening + " cannot protect code whose returns and calls are masked; "
                            "compile without it");
  // Its state in rsp would be refused again.
  F.removeFnAttr(Attribute::SpeculativeLoadHardening);
  switch (F.getCallingConv()) {
  case CallingConv::X86_INTR: reportIn(F, "interrupt handlers end in iret, which is privileged"); break;
  case CallingConv::X86_RegCall:
  case CallingConv::PreserveNone:
    reportIn(F, "this calling convention passes an argument in r11, which "
                "indirect calls need");
    break;
  default: break;
  }
  if (F.hasFnAttribute("no_caller_saved_registers"))
    reportIn(F, "no_caller_saved_registers leaves no register for the return");
}

static void checkGlobals(Module &M) {
  for (const GlobalIFunc &I : M.ifuncs())
    if (const Function *Resolver = I.getResolverFunction())
      reportIn(*Resolver, "ifunc '" + I.getName() +
                              "' would be resolved by a loader that does not exist here; choose the "
                              "implementation at build time or through a function pointer");
  for (GlobalObject &O : M.global_objects()) {
    StringRef Why = whyNeverRun(O.getSection());
    if (Why.empty() || O.isDeclaration())
      continue;
    M.getContext().emitError("bulkhead: '" + O.getName() + "' in section '" + O.getSection() + "': " + Why);
    O.setSection(""); // once is enough
  }
}

PreservedAnalyses PolicyPass::run(Module &M, ModuleAnalysisManager &) {
  makeLocal(M);
  makeColdOrdinary(M);
  if (First)
    checkGlobals(M);
  for (Function &F : M) {
    if (F.isDeclaration())
      continue;
    if (First)
      checkFunction(F);
    dropFeatures(F);
    // -fsanitize=function puts the type in front of the code, where no data can be.
    // Its check passes functions without one.
    F.setMetadata(LLVMContext::MD_func_sanitize, nullptr);
    // %fs:0 is then loaded once and everything else addressed relative to it. With
    // the thread pointer in a register, that register is the base instead.
    if (!threads())
      F.addFnAttr("indirect-tls-seg-refs");
    bool Refused = false;
    SmallVector<AtomicRMWInst *, 4> BitOps;
    for (Instruction &I : instructions(F)) {
      if (auto *Call = dyn_cast<CallBase>(&I)) {
        if (StringRef Why = whyRefused(*Call); !Why.empty()) {
          reportIn(F, Why, I.getDebugLoc());
          Refused = true;
        }
        if (Call->isInlineAsm() && laysOutBundles())
          tellClobbers(*Call);
      }
      if (auto *RMW = dyn_cast<AtomicRMWInst>(&I)) {
        AtomicRMWInst::BinOp Op = RMW->getOperation();
        if ((Op == AtomicRMWInst::And || Op == AtomicRMWInst::Or || Op == AtomicRMWInst::Xor) &&
            !isa<Constant>(RMW->getValOperand()) && !RMW->use_empty())
          BitOps.push_back(RMW);
      }
    }
    if (Refused) {
      empty(F);
      continue;
    }
    // Atomic bit operations whose bit is a variable would become `lock bts %reg,
    // mem`, which reaches any address. Hiding the value prevents that.
    for (AtomicRMWInst *RMW : BitOps) {
      IRBuilder<> B(RMW);
      Type *Ty = RMW->getValOperand()->getType();
      if (!Ty->isIntegerTy())
        continue;
      auto *Identity = InlineAsm::get(FunctionType::get(Ty, {Ty}, false), "", "=r,0", /*hasSideEffects=*/false);
      RMW->setOperand(1, B.CreateCall(Identity, {RMW->getValOperand()}));
    }
  }
  return PreservedAnalyses::none();
}
