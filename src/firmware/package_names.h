#pragma once

#include <initializer_list>
#include <string_view>

/// What the name of a package's file says of it. Names are compared without regard to case: packages are made on
/// Windows.
namespace modemedic::firmware::names {

/// rawprogram*.xml
bool is_rawprogram(std::string_view path);

/// A Firehose programmer: prog_nand_firehose_*.mbn and its kin (facts of docs/protocols/package.md).
bool is_programmer(std::string_view path);

/// NPRG9x15.hex, ENPRG9x15.hex
bool is_streaming_loader(std::string_view path);

/// A program of the boot chain, or a programmer: .mbn, .elf, .melf. Such files may be signed.
bool is_program(std::string_view path);

/// An image that may hold the name of the revision that it makes of a modem.
bool is_image(std::string_view path);

/// Has it one of these endings, which are in lower case?
bool ends_with_any(std::string_view path, std::initializer_list<std::string_view> endings);

/// Does a person who typed `chosen` mean this file: by its path, or the last part of it?
bool is_meant_by(std::string_view path, std::string_view chosen);

}  // namespace modemedic::firmware::names
