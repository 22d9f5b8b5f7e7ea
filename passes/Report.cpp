#include "Report.h"
#include "llvm/MC/MCContext.h"
#include "llvm/Support/SourceMgr.h"

using namespace llvm;
using namespace bulkhead;

function_ref<void(SMLoc)> bulkhead::WrittenAt;

void bulkhead::reportAt(MCContext &Ctx, SMLoc Loc, const Twine &Message) {
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
