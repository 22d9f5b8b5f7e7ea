#include "Report.h"
#include "llvm/IR/Function.h"
#include "llvm/MC/MCContext.h"
#include "llvm/Support/SourceMgr.h"

using namespace llvm;
using namespace bulkhead;

function_ref<void(SMLoc)> bulkhead::WrittenAt;

DenseMap<const MCSymbol *, const Function *> &bulkhead::functionsBySymbol() {
  static thread_local DenseMap<const MCSymbol *, const Function *> Map;
  return Map;
}

void bulkhead::reportIn(const Function &F, const Twine &Message, const DiagnosticLocation &Loc) {
  DiagnosticLocation Place = Loc;
  if (!Loc.isValid() && F.getSubprogram())
    Place = DiagnosticLocation(F.getSubprogram());
  F.getContext().diagnose(DiagnosticInfoUnsupported(F, "bulkhead: " + Message, Place));
}

void bulkhead::reportAt(MCContext &Ctx, SMLoc Loc, const Twine &Message, const Function *In) {
  if (!Loc.isValid() && In)
    return reportIn(*In, Message);
  SourceMgr *Inline = Ctx.getInlineSourceManager();
  unsigned Buffer = Inline && Loc.isValid() ? Inline->FindBufferContainingLoc(Loc) : 0;
  auto Name = [&] { return Inline->getMemoryBuffer(Buffer)->getBufferIdentifier(); };
  // What is made is added behind what it is made from.
  if (Buffer && Name() == "<instantiation>") {
    while (Buffer > 1 && Name() == "<instantiation>")
      --Buffer;
    Loc = SMLoc::getFromPointer(Inline->getMemoryBuffer(Buffer)->getBufferStart());
  }
  Ctx.reportError(Loc, "bulkhead: " + Message);
}
