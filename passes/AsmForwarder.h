//===- AsmForwarder.h - Passes everything on to the stock text streamer -----===//
//
// LLVM's MCAsmStreamer is a private class. This one holds an instance and hands it
// every call that can occur for ELF, so that a subclass can hold some back.
//
//===----------------------------------------------------------------------===//
#ifndef BULKHEAD_PASSES_ASMFORWARDER_H
#define BULKHEAD_PASSES_ASMFORWARDER_H

#include "llvm/MC/MCStreamer.h"

namespace bulkhead {

class AsmForwarder : public llvm::MCStreamer {
public:
  AsmForwarder(llvm::MCContext &Ctx, std::unique_ptr<llvm::MCStreamer> Inner)
      : MCStreamer(Ctx), Inner(std::move(Inner)) {}

  llvm::MCStreamer &inner() { return *Inner; }

  using MCStreamer::emitFill;
  using MCStreamer::emitIntValue;

  void reset() override;
  bool isVerboseAsm() const override { return Inner->isVerboseAsm(); }
  bool hasRawTextSupport() const override { return Inner->hasRawTextSupport(); }
  bool isIntegratedAssemblerRequired() const override { return true; }
  void AddComment(const llvm::Twine &T, bool EOL) override;
  llvm::raw_ostream &getCommentOS() override { return Inner->getCommentOS(); }
  void emitRawComment(const llvm::Twine &T, bool TabPrefix) override;
  void addExplicitComment(const llvm::Twine &T) override;
  void emitExplicitComments() override;
  void addBlankLine() override;
  void emitRawTextImpl(llvm::StringRef String) override;

  void changeSection(llvm::MCSection *Section, uint32_t Subsection) override;
  void initSections(bool NoExecStack, const llvm::MCSubtargetInfo &STI) override;
  void emitLabel(llvm::MCSymbol *Symbol, llvm::SMLoc Loc) override;
  void emitAssignment(llvm::MCSymbol *Symbol, const llvm::MCExpr *Value) override;
  void emitConditionalAssignment(llvm::MCSymbol *Symbol, const llvm::MCExpr *Value) override;
  void emitWeakReference(llvm::MCSymbol *Alias, const llvm::MCSymbol *Symbol) override;
  bool emitSymbolAttribute(llvm::MCSymbol *Symbol, llvm::MCSymbolAttr Attribute) override;
  void emitSymbolDesc(llvm::MCSymbol *Symbol, unsigned DescValue) override;
  void emitELFSize(llvm::MCSymbol *Symbol, const llvm::MCExpr *Value) override;
  void emitELFSymverDirective(const llvm::MCSymbol *OriginalSym, llvm::StringRef Name, bool KeepOriginal) override;
  void emitGNUAttribute(unsigned Tag, unsigned Value) override;
  void emitCommonSymbol(llvm::MCSymbol *Symbol, uint64_t Size, llvm::Align Alignment) override;
  void emitLocalCommonSymbol(llvm::MCSymbol *Symbol, uint64_t Size, llvm::Align Alignment) override;
  void emitZerofill(llvm::MCSection *Section, llvm::MCSymbol *Symbol, uint64_t Size, llvm::Align Alignment,
                    llvm::SMLoc Loc) override;
  void emitTBSSSymbol(llvm::MCSection *Section, llvm::MCSymbol *Symbol, uint64_t Size, llvm::Align Alignment) override;

  void emitBytes(llvm::StringRef Data) override;
  void emitBinaryData(llvm::StringRef Data) override;
  void emitValueImpl(const llvm::MCExpr *Value, unsigned Size, llvm::SMLoc Loc) override;
  void emitIntValue(uint64_t Value, unsigned Size) override;
  void emitIntValueInHex(uint64_t Value, unsigned Size) override;
  void emitIntValueInHexWithPadding(uint64_t Value, unsigned Size) override;
  void emitULEB128Value(const llvm::MCExpr *Value) override;
  void emitSLEB128Value(const llvm::MCExpr *Value) override;
  void emitFill(const llvm::MCExpr &NumBytes, uint64_t FillValue, llvm::SMLoc Loc) override;
  void emitFill(const llvm::MCExpr &NumValues, int64_t Size, int64_t Expr, llvm::SMLoc Loc) override;
  void emitNops(int64_t NumBytes, int64_t ControlledNopLength, llvm::SMLoc Loc,
                const llvm::MCSubtargetInfo &STI) override;
  void emitValueToAlignment(llvm::Align Alignment, int64_t Fill, uint8_t FillLen, unsigned MaxBytes) override;
  void emitCodeAlignment(llvm::Align Alignment, const llvm::MCSubtargetInfo *STI, unsigned MaxBytes) override;
  void emitValueToOffset(const llvm::MCExpr *Offset, unsigned char Value, llvm::SMLoc Loc) override;

  void emitFileDirective(llvm::StringRef Filename) override;
  void emitFileDirective(llvm::StringRef Filename, llvm::StringRef CompilerVersion, llvm::StringRef TimeStamp,
                         llvm::StringRef Description) override;
  void emitIdent(llvm::StringRef IdentString) override;
  llvm::Expected<unsigned> tryEmitDwarfFileDirective(unsigned FileNo, llvm::StringRef Directory,
                                                     llvm::StringRef Filename,
                                                     std::optional<llvm::MD5::MD5Result> Checksum,
                                                     std::optional<llvm::StringRef> Source, unsigned CUID) override;
  void emitDwarfFile0Directive(llvm::StringRef Directory, llvm::StringRef Filename,
                               std::optional<llvm::MD5::MD5Result> Checksum, std::optional<llvm::StringRef> Source,
                               unsigned CUID) override;
  void emitDwarfLocDirective(unsigned FileNo, unsigned Line, unsigned Column, unsigned Flags, unsigned Isa,
                             unsigned Discriminator, llvm::StringRef FileName, llvm::StringRef Comment) override;
  void emitDwarfLocLabelDirective(llvm::SMLoc Loc, llvm::StringRef Name) override;
  llvm::MCSymbol *getDwarfLineTableSymbol(unsigned CUID) override;
  void emitAbsoluteSymbolDiff(const llvm::MCSymbol *Hi, const llvm::MCSymbol *Lo, unsigned Size) override;
  void emitAbsoluteSymbolDiffAsULEB128(const llvm::MCSymbol *Hi, const llvm::MCSymbol *Lo) override;

  void emitCFISections(bool EH, bool Debug, bool SFrame) override;
  void emitCFIDefCfa(int64_t Register, int64_t Offset, llvm::SMLoc Loc) override;
  void emitCFIDefCfaOffset(int64_t Offset, llvm::SMLoc Loc) override;
  void emitCFIDefCfaRegister(int64_t Register, llvm::SMLoc Loc) override;
  void emitCFIOffset(int64_t Register, int64_t Offset, llvm::SMLoc Loc) override;
  void emitCFIPersonality(const llvm::MCSymbol *Sym, unsigned Encoding) override;
  void emitCFILsda(const llvm::MCSymbol *Sym, unsigned Encoding) override;
  void emitCFIRememberState(llvm::SMLoc Loc) override;
  void emitCFIRestoreState(llvm::SMLoc Loc) override;
  void emitCFISameValue(int64_t Register, llvm::SMLoc Loc) override;
  void emitCFIRestore(int64_t Register, llvm::SMLoc Loc) override;
  void emitCFIRelOffset(int64_t Register, int64_t Offset, llvm::SMLoc Loc) override;
  void emitCFIAdjustCfaOffset(int64_t Adjustment, llvm::SMLoc Loc) override;
  void emitCFIEscape(llvm::StringRef Values, llvm::SMLoc Loc) override;
  void emitCFIReturnColumn(int64_t Register) override;
  void emitCFIGnuArgsSize(int64_t Size, llvm::SMLoc Loc) override;
  void emitCFISignalFrame() override;
  void emitCFIUndefined(int64_t Register, llvm::SMLoc Loc) override;
  void emitCFIRegister(int64_t R1, int64_t R2, llvm::SMLoc Loc) override;
  void emitCFIValOffset(int64_t Register, int64_t Offset, llvm::SMLoc Loc) override;

  void emitCGProfileEntry(const llvm::MCSymbolRefExpr *From, const llvm::MCSymbolRefExpr *To, uint64_t Count) override;
  void emitSyntaxDirective() override;
  void emitRelocDirective(const llvm::MCExpr &Offset, llvm::StringRef Name, const llvm::MCExpr *Expr,
                          llvm::SMLoc Loc) override;
  void emitAddrsig() override;
  void emitAddrsigSym(const llvm::MCSymbol *Sym) override;
  void emitInstruction(const llvm::MCInst &I, const llvm::MCSubtargetInfo &STI) override;
  void finishImpl() override;

protected:
  void emitCFIStartProcImpl(llvm::MCDwarfFrameInfo &Frame) override;
  void emitCFIEndProcImpl(llvm::MCDwarfFrameInfo &Frame) override;

private:
  std::unique_ptr<llvm::MCStreamer> Inner;
};

} // namespace bulkhead

#endif
