//===- StackTouch.h - Rules S1 and S2 ---------------------------------------===//
//
// After rsp moved by constants, memory must be touched through it before it moves
// further than the guard or control leaves. Most code does so by itself; where it
// does not, one harmless access is added right after the move.
//
//===----------------------------------------------------------------------===//
#ifndef BULKHEAD_PASSES_STACKTOUCH_H
#define BULKHEAD_PASSES_STACKTOUCH_H

#include "Items.h"
#include "X86Names.h"

namespace bulkhead {

void touchStack(const X86Names &X, ItemList &Items);

} // namespace bulkhead

#endif
