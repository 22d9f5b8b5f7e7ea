#include "AsmForwarder.h"
#include "llvm/MC/MCDwarf.h"

using namespace llvm;
using namespace bulkhead;

void AsmForwarder::AddComment(const Twine &T, bool EOL) { Inner->AddComment(T, EOL); }
void AsmForwarder::emitRawComment(const Twine &T, bool TabPrefix) { Inner->emitRawComment(T, TabPrefix); }
void AsmForwarder::addExplicitComment(const Twine &T) { Inner->addExplicitComment(T); }
void AsmForwarder::emitExplicitComments() { Inner->emitExplicitComments(); }
void AsmForwarder::addBlankLine() { Inner->addBlankLine(); }
void AsmForwarder::emitAssignment(MCSymbol *Symbol, const MCExpr *Value) { Inner->emitAssignment(Symbol, Value); }
void AsmForwarder::emitConditionalAssignment(MCSymbol *Symbol, const MCExpr *Value) {
  Inner->emitConditionalAssignment(Symbol, Value);
}
void AsmForwarder::emitWeakReference(MCSymbol *Alias, const MCSymbol *Symbol) {
  Inner->emitWeakReference(Alias, Symbol);
}
bool AsmForwarder::emitSymbolAttribute(MCSymbol *Symbol, MCSymbolAttr Attribute) {
  return Inner->emitSymbolAttribute(Symbol, Attribute);
}
void AsmForwarder::emitSymbolDesc(MCSymbol *Symbol, unsigned DescValue) { Inner->emitSymbolDesc(Symbol, DescValue); }
void AsmForwarder::emitELFSize(MCSymbol *Symbol, const MCExpr *Value) { Inner->emitELFSize(Symbol, Value); }
void AsmForwarder::emitELFSymverDirective(const MCSymbol *OriginalSym, StringRef Name, bool KeepOriginal) {
  Inner->emitELFSymverDirective(OriginalSym, Name, KeepOriginal);
}
void AsmForwarder::emitGNUAttribute(unsigned Tag, unsigned Value) { Inner->emitGNUAttribute(Tag, Value); }
void AsmForwarder::emitCommonSymbol(MCSymbol *Symbol, uint64_t Size, Align Alignment) {
  Inner->emitCommonSymbol(Symbol, Size, Alignment);
}
void AsmForwarder::emitLocalCommonSymbol(MCSymbol *Symbol, uint64_t Size, Align Alignment) {
  Inner->emitLocalCommonSymbol(Symbol, Size, Alignment);
}
void AsmForwarder::emitZerofill(MCSection *Section, MCSymbol *Symbol, uint64_t Size, Align Alignment, SMLoc Loc) {
  Inner->emitZerofill(Section, Symbol, Size, Alignment, Loc);
}
void AsmForwarder::emitTBSSSymbol(MCSection *Section, MCSymbol *Symbol, uint64_t Size, Align Alignment) {
  Inner->emitTBSSSymbol(Section, Symbol, Size, Alignment);
}
void AsmForwarder::emitBytes(StringRef Data) { Inner->emitBytes(Data); }
void AsmForwarder::emitBinaryData(StringRef Data) { Inner->emitBinaryData(Data); }
void AsmForwarder::emitValueImpl(const MCExpr *Value, unsigned Size, SMLoc Loc) {
  Inner->emitValueImpl(Value, Size, Loc);
}
void AsmForwarder::emitIntValue(uint64_t Value, unsigned Size) { Inner->emitIntValue(Value, Size); }
void AsmForwarder::emitIntValueInHex(uint64_t Value, unsigned Size) { Inner->emitIntValueInHex(Value, Size); }
void AsmForwarder::emitIntValueInHexWithPadding(uint64_t Value, unsigned Size) {
  Inner->emitIntValueInHexWithPadding(Value, Size);
}
void AsmForwarder::emitULEB128Value(const MCExpr *Value) { Inner->emitULEB128Value(Value); }
void AsmForwarder::emitSLEB128Value(const MCExpr *Value) { Inner->emitSLEB128Value(Value); }
void AsmForwarder::emitFill(const MCExpr &NumBytes, uint64_t FillValue, SMLoc Loc) {
  Inner->emitFill(NumBytes, FillValue, Loc);
}
void AsmForwarder::emitFill(const MCExpr &NumValues, int64_t Size, int64_t Expr, SMLoc Loc) {
  Inner->emitFill(NumValues, Size, Expr, Loc);
}
void AsmForwarder::emitNops(int64_t NumBytes, int64_t ControlledNopLength, SMLoc Loc, const MCSubtargetInfo &STI) {
  Inner->emitNops(NumBytes, ControlledNopLength, Loc, STI);
}
void AsmForwarder::emitValueToAlignment(Align Alignment, int64_t Fill, uint8_t FillLen, unsigned MaxBytes) {
  Inner->emitValueToAlignment(Alignment, Fill, FillLen, MaxBytes);
}
void AsmForwarder::emitCodeAlignment(Align Alignment, const MCSubtargetInfo *STI, unsigned MaxBytes) {
  Inner->emitCodeAlignment(Alignment, STI, MaxBytes);
}
void AsmForwarder::emitValueToOffset(const MCExpr *Offset, unsigned char Value, SMLoc Loc) {
  Inner->emitValueToOffset(Offset, Value, Loc);
}
void AsmForwarder::emitFileDirective(StringRef Filename) { Inner->emitFileDirective(Filename); }
void AsmForwarder::emitFileDirective(StringRef Filename, StringRef CompilerVersion, StringRef TimeStamp,
                                     StringRef Description) {
  Inner->emitFileDirective(Filename, CompilerVersion, TimeStamp, Description);
}
void AsmForwarder::emitIdent(StringRef IdentString) { Inner->emitIdent(IdentString); }
Expected<unsigned> AsmForwarder::tryEmitDwarfFileDirective(unsigned FileNo, StringRef Directory, StringRef Filename,
                                                           std::optional<MD5::MD5Result> Checksum,
                                                           std::optional<StringRef> Source, unsigned CUID) {
  return Inner->tryEmitDwarfFileDirective(FileNo, Directory, Filename, Checksum, Source, CUID);
}
void AsmForwarder::emitDwarfFile0Directive(StringRef Directory, StringRef Filename,
                                           std::optional<MD5::MD5Result> Checksum, std::optional<StringRef> Source,
                                           unsigned CUID) {
  Inner->emitDwarfFile0Directive(Directory, Filename, Checksum, Source, CUID);
}
void AsmForwarder::emitDwarfLocDirective(unsigned FileNo, unsigned Line, unsigned Column, unsigned Flags, unsigned Isa,
                                         unsigned Discriminator, StringRef FileName, StringRef Comment) {
  Inner->emitDwarfLocDirective(FileNo, Line, Column, Flags, Isa, Discriminator, FileName, Comment);
}
void AsmForwarder::emitDwarfLocLabelDirective(SMLoc Loc, StringRef Name) {
  Inner->emitDwarfLocLabelDirective(Loc, Name);
}
MCSymbol *AsmForwarder::getDwarfLineTableSymbol(unsigned CUID) { return Inner->getDwarfLineTableSymbol(CUID); }
void AsmForwarder::emitAbsoluteSymbolDiff(const MCSymbol *Hi, const MCSymbol *Lo, unsigned Size) {
  Inner->emitAbsoluteSymbolDiff(Hi, Lo, Size);
}
void AsmForwarder::emitAbsoluteSymbolDiffAsULEB128(const MCSymbol *Hi, const MCSymbol *Lo) {
  Inner->emitAbsoluteSymbolDiffAsULEB128(Hi, Lo);
}
void AsmForwarder::emitCFISections(bool EH, bool Debug, bool SFrame) { Inner->emitCFISections(EH, Debug, SFrame); }
void AsmForwarder::emitCFIDefCfa(int64_t Register, int64_t Offset, SMLoc Loc) {
  Inner->emitCFIDefCfa(Register, Offset, Loc);
}
void AsmForwarder::emitCFIDefCfaOffset(int64_t Offset, SMLoc Loc) { Inner->emitCFIDefCfaOffset(Offset, Loc); }
void AsmForwarder::emitCFIDefCfaRegister(int64_t Register, SMLoc Loc) { Inner->emitCFIDefCfaRegister(Register, Loc); }
void AsmForwarder::emitCFIOffset(int64_t Register, int64_t Offset, SMLoc Loc) {
  Inner->emitCFIOffset(Register, Offset, Loc);
}
void AsmForwarder::emitCFIPersonality(const MCSymbol *Sym, unsigned Encoding) {
  Inner->emitCFIPersonality(Sym, Encoding);
}
void AsmForwarder::emitCFILsda(const MCSymbol *Sym, unsigned Encoding) { Inner->emitCFILsda(Sym, Encoding); }
void AsmForwarder::emitCFIRememberState(SMLoc Loc) { Inner->emitCFIRememberState(Loc); }
void AsmForwarder::emitCFIRestoreState(SMLoc Loc) { Inner->emitCFIRestoreState(Loc); }
void AsmForwarder::emitCFISameValue(int64_t Register, SMLoc Loc) { Inner->emitCFISameValue(Register, Loc); }
void AsmForwarder::emitCFIRestore(int64_t Register, SMLoc Loc) { Inner->emitCFIRestore(Register, Loc); }
void AsmForwarder::emitCFIRelOffset(int64_t Register, int64_t Offset, SMLoc Loc) {
  Inner->emitCFIRelOffset(Register, Offset, Loc);
}
void AsmForwarder::emitCFIAdjustCfaOffset(int64_t Adjustment, SMLoc Loc) {
  Inner->emitCFIAdjustCfaOffset(Adjustment, Loc);
}
void AsmForwarder::emitCFIEscape(StringRef Values, SMLoc Loc) { Inner->emitCFIEscape(Values, Loc); }
void AsmForwarder::emitCFIReturnColumn(int64_t Register) { Inner->emitCFIReturnColumn(Register); }
void AsmForwarder::emitCFIGnuArgsSize(int64_t Size, SMLoc Loc) { Inner->emitCFIGnuArgsSize(Size, Loc); }
void AsmForwarder::emitCFISignalFrame() { Inner->emitCFISignalFrame(); }
void AsmForwarder::emitCFIUndefined(int64_t Register, SMLoc Loc) { Inner->emitCFIUndefined(Register, Loc); }
void AsmForwarder::emitCFIRegister(int64_t R1, int64_t R2, SMLoc Loc) { Inner->emitCFIRegister(R1, R2, Loc); }
void AsmForwarder::emitCFIValOffset(int64_t Register, int64_t Offset, SMLoc Loc) {
  Inner->emitCFIValOffset(Register, Offset, Loc);
}
void AsmForwarder::emitCGProfileEntry(const MCSymbolRefExpr *From, const MCSymbolRefExpr *To, uint64_t Count) {
  Inner->emitCGProfileEntry(From, To, Count);
}
void AsmForwarder::emitSyntaxDirective() { Inner->emitSyntaxDirective(); }
void AsmForwarder::emitRelocDirective(const MCExpr &Offset, StringRef Name, const MCExpr *Expr, SMLoc Loc) {
  Inner->emitRelocDirective(Offset, Name, Expr, Loc);
}
void AsmForwarder::emitAddrsig() { Inner->emitAddrsig(); }
void AsmForwarder::emitAddrsigSym(const MCSymbol *Sym) { Inner->emitAddrsigSym(Sym); }
void AsmForwarder::emitInstruction(const MCInst &I, const MCSubtargetInfo &STI) { Inner->emitInstruction(I, STI); }
void AsmForwarder::reset() {
  Inner->reset();
  MCStreamer::reset();
}
void AsmForwarder::emitRawTextImpl(StringRef String) { Inner->emitRawText(String); }
// The section stack is kept by the base class and does not virtually ask: both
// streamers follow it.
void AsmForwarder::changeSection(MCSection *Section, uint32_t Subsection) {
  MCStreamer::changeSection(Section, Subsection);
  Inner->switchSection(Section, Subsection);
}
void AsmForwarder::initSections(bool NoExecStack, const MCSubtargetInfo &STI) {
  MCStreamer::initSections(NoExecStack, STI);
}
void AsmForwarder::emitLabel(MCSymbol *Symbol, SMLoc Loc) { Inner->emitLabel(Symbol, Loc); }
// Start and end of a frame are not virtual: the base class keeps its own list
// of frames and calls these hooks.
void AsmForwarder::emitCFIStartProcImpl(MCDwarfFrameInfo &Frame) { Inner->emitCFIStartProc(Frame.IsSimple); }
void AsmForwarder::emitCFIEndProcImpl(MCDwarfFrameInfo &Frame) {
  // Marks the frame as closed; as in the stock text streamer, nothing reads it.
  Frame.End = reinterpret_cast<MCSymbol *>(1);
  Inner->emitCFIEndProc();
}
void AsmForwarder::finishImpl() { Inner->finish(); }
