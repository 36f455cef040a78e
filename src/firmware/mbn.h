#pragma once

#include "base/bytes.h"
#include "base/error.h"

#include <cstdint>
#include <optional>
#include <span>

/// Qualcomm boot images: SBL with its code word, and ARM ELF files with a hash segment (docs/protocols/images.md).
///
/// check_…() take a whole file, or a whole partition with erased 0xFF behind the image. They refuse what contradicts
/// itself; a vendor's file in a layout that is not known here passes, because nothing says that it is wrong.
namespace modemedic::firmware {

/// Where the boot ROM finds code: the first 12 bytes of sbl1.mbn.
bool has_sbl_code_word(ByteView bytes);

/// What a signed image carries; empty when it is unsigned. Nothing here judges it (firmware/signing.h tells whose it
/// is).
struct MbnSignature {
  Buffer signature;
  Buffer certificates;  ///< X.509, one behind the other, the root last
};

/// An SBL of our own making: a preamble page, an 80-byte header on the next page, `code`, in the place of the
/// signature the SHA-256 of all that, then the certificates.
Buffer make_sbl(ByteView code, std::uint32_t page_size, ByteView certificates = {});

/// Bytes that make_sbl() adds to the code.
std::uint64_t sbl_overhead(std::uint32_t page_size);

/// @return the image's size in bytes: to the end its header names, or up to the last byte that isn't 0xFF when there
///         is no header in the known place. Code::package_bad: no code word, cut, not what its digest says (ours)
Result<std::uint64_t> check_sbl(ByteView bytes);

/// Where an SBL has its certificates: empty when it has none, nothing when there is no header in the known place, or
/// the image is not all there.
std::optional<ByteView> sbl_certificates(ByteView bytes);

/// An ARM ELF32 executable with a hash segment and one segment for each of `segments`.
/// @param load_address  of the first segment
/// @param signature  at most largest_elf_signature bytes in all
Buffer make_elf(std::span<const ByteView> segments, std::uint32_t load_address, const MbnSignature& signature = {});

/// Room for signature and certificates in an image of make_elf() with up to 8 segments, in bytes.
constexpr std::size_t largest_elf_signature = 3584;

/// Where the first of make_elf()'s segments begins, in bytes.
std::uint64_t elf_overhead();

/// @return the image's size in bytes: the end of the last segment. Code::package_bad: no ARM ELF, a segment that is
///         not all there, one whose bytes do not match the hash segment (when it has one of the known kind)
Result<std::uint64_t> check_elf(ByteView bytes);

/// A program of an older chip: a 40-byte header, `code`, in the place of the signature the SHA-256 of all that.
/// @param image_id  which program it is: 5 for the boot loader
Buffer make_mbn(ByteView code, std::uint32_t image_id, std::uint32_t load_address);

/// Bytes that make_mbn() adds to the code.
std::uint64_t mbn_overhead();

/// The image's size in bytes, as its header says it.
/// @param head  the image's first bytes
/// @return Code::package_bad: no such header, or sizes that contradict each other
Result<std::uint64_t> mbn_size(ByteView head);

/// @return the image's size in bytes: to the end its header names. Errors as mbn_size(); also: cut, not what its
///         digest says (ours)
Result<std::uint64_t> check_mbn(ByteView bytes);

/// check_elf() or check_mbn(), whichever it is.
Result<std::uint64_t> check_program(ByteView bytes);

/// Bytes up to the last one that isn't 0xFF.
std::uint64_t used_size(ByteView bytes);

}  // namespace modemedic::firmware
