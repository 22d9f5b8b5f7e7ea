// Which of the instructions that LLVM knows does the verifier accept? Gives LLVM's disassembler every opcode of the legacy and VEX
// maps under every mandatory prefix, with and without REX.W, for all ModRM.reg and both kinds of operand, and the verifier the
// same bytes. Prints each of LLVM's instructions that no form of is accepted, with the rule that refuses it:
//
//   rule ; LLVM's names ; mnemonic
//
// (An instruction that only stands in sequences, or is a branch out of this one bundle, counts as accepted.) EVEX and REX2, and
// with them AVX-512 and APX, and XOP are refused by their first byte and left out.
#include <llvm/ADT/Twine.h>
#include <llvm/MC/MCAsmInfo.h>
#include <llvm/MC/MCContext.h>
#include <llvm/MC/MCDisassembler/MCDisassembler.h>
#include <llvm/MC/MCInst.h>
#include <llvm/MC/MCInstPrinter.h>
#include <llvm/MC/MCInstrInfo.h>
#include <llvm/MC/MCRegisterInfo.h>
#include <llvm/MC/MCSubtargetInfo.h>
#include <llvm/MC/TargetRegistry.h>
#include <llvm/Support/TargetSelect.h>
#include <llvm/Support/raw_ostream.h>

#include <cstring>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "verifier/verify.h"

using namespace llvm;

namespace {

struct Finding {
  bool accepted = false;
  std::string rule, mnemonic;
};

class Coverage {
public:
  Coverage() {
    LLVMInitializeX86TargetInfo();
    LLVMInitializeX86TargetMC();
    LLVMInitializeX86Disassembler();
    std::string error;
    Triple triple("x86_64-unknown-linux-gnu");
    const Target *target = TargetRegistry::lookupTarget(triple, error);
    registers.reset(target->createMCRegInfo(triple));
    assembly.reset(target->createMCAsmInfo(*registers, triple, MCTargetOptions()));
    subtarget.reset(target->createMCSubtargetInfo(triple, "", "+64bit-mode"));
    instructions.reset(target->createMCInstrInfo());
    context = std::make_unique<MCContext>(triple, assembly.get(), registers.get(), subtarget.get());
    disassembler.reset(target->createMCDisassembler(*subtarget, *context));
    printer.reset(target->createMCInstPrinter(triple, 0, *assembly, *instructions, *registers));
  }

  void run() {
    for (bool vex : {false, true})
      for (unsigned map = vex ? 1 : 0; map < 4; map++)
        for (unsigned pp = 0; pp < 4; pp++)
          for (unsigned lw = 0; lw < 4; lw++)
            for (unsigned opcode = 0; opcode < 256; opcode++)
              tryOpcode(vex, map, pp, lw, opcode);
  }

  // Instructions of which no form is accepted.
  unsigned print() const {
    std::map<std::pair<std::string, std::string>, std::string> lines;
    unsigned accepted = 0;
    for (const auto &[opcode, finding] : findings) {
      if (finding.accepted) {
        accepted++;
        continue;
      }
      std::string &names = lines[{finding.rule, finding.mnemonic}];
      names += (names.empty() ? "" : " ") + instructions->getName(opcode).str();
    }
    for (const auto &[key, names] : lines)
      outs() << key.first << " ; " << key.second << " ; " << names << "\n";
    outs() << "# " << findings.size() << " instructions of LLVM reached, " << accepted << " accepted\n";
    return accepted;
  }

private:
  // Legacy: lw bit 0 is REX.W. Both operand kinds, every reg; rm takes two values, exact ModRM bytes all.
  void tryOpcode(bool vex, unsigned map, unsigned pp, unsigned lw, unsigned opcode) {
    static const uint8_t mandatory[] = {0, 0x66, 0xF3, 0xF2};
    if (!vex && (lw > 1 || (map == 0 && (opcode == 0x0F || opcode == 0x62 || opcode == 0xD5))))
      return;
    for (unsigned form = 0; form < 72; form++) {
      for (unsigned vvvv : {15u, 11u}) {
        if (vvvv != 15 && !vex)
          continue;
        std::vector<uint8_t> bytes;
        if (form < 8)
          bytes = {0x67, 0x65};
        if (vex) {
          bytes.insert(bytes.end(), {0xC4, uint8_t(0xE0 | map), uint8_t((lw & 1) << 7 | vvvv << 3 | (lw & 2) << 1 | pp)});
        } else {
          if (pp)
            bytes.push_back(mandatory[pp]);
          if (lw)
            bytes.push_back(0x48);
          if (map)
            bytes.push_back(0x0F);
          if (map > 1)
            bytes.push_back(map == 2 ? 0x38 : 0x3A);
        }
        bytes.push_back(uint8_t(opcode));
        bytes.push_back(form < 8 ? uint8_t(form << 3) : uint8_t(0xC0 | (form - 8)));
        tryBytes(bytes);
        if (form < 8) {
          bytes.back() |= 4; // gathers demand a SIB byte
          bytes.push_back(0x08);
          tryBytes(bytes);
          // Without the prefixes, for what has no memory operand, and for push and pop.
          bytes.erase(bytes.begin(), bytes.begin() + 2);
          bytes.pop_back();
          bytes.back() &= 0xF8;
          tryBytes(bytes);
        }
      }
    }
  }

  static void report(void *context, const bh_verify_refusal *refusal) {
    auto *rule = static_cast<std::string *>(context);
    if (rule->empty())
      *rule = refusal->rule;
  }

  void tryBytes(std::vector<uint8_t> bytes) {
    MCInst inst;
    uint64_t length;
    bytes.resize(24, 0);
    if (disassembler->getInstruction(inst, length, bytes, 0x1000, nulls()) != MCDisassembler::Success)
      return;
    uint8_t code[64];
    uint64_t scratch[32];
    memset(code, 0xF4, sizeof code);
    memcpy(code, bytes.data(), length);
    bh_verify_input input = {};
    input.code = code;
    input.size = sizeof code;
    input.address = 0x1000;
    input.image_hi = 0x10000;
    input.isolation = BH_ISOLATE_FULL;
    input.scratch = scratch;
    input.scratch_size = sizeof scratch;
    std::string rule;
    input.report = report;
    input.report_context = &rule;
    bool accepted = bh_verify_code(&input, nullptr) == BH_VERIFY_ACCEPTED || rule == "M4" || rule == "C2" || rule == "C3";
    Finding &finding = findings[inst.getOpcode()];
    if (finding.mnemonic.empty()) {
      finding.mnemonic = printer->getMnemonic(inst).first ? printer->getMnemonic(inst).first : "?";
      finding.mnemonic.erase(std::min(finding.mnemonic.find_first_of(" \t"), finding.mnemonic.size()));
    }
    finding.accepted |= accepted;
    // A name of its own says more than the rules about operands and prefixes.
    static const std::set<std::string> vague = {"allow-list", "prefix", "M1", "S1"};
    if (finding.rule.empty() || (vague.count(finding.rule) && !vague.count(rule)))
      finding.rule = rule;
  }

  std::unique_ptr<MCRegisterInfo> registers;
  std::unique_ptr<MCAsmInfo> assembly;
  std::unique_ptr<MCSubtargetInfo> subtarget;
  std::unique_ptr<MCInstrInfo> instructions;
  std::unique_ptr<MCContext> context;
  std::unique_ptr<MCDisassembler> disassembler;
  std::unique_ptr<MCInstPrinter> printer;
  std::map<unsigned, Finding> findings;
};

} // namespace

int main() {
  Coverage coverage;
  coverage.run();
  return coverage.print() == 0;
}
