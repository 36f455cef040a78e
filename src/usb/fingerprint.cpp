#include "usb/fingerprint.h"

namespace modemedic::usb {

std::optional<BulkPair> bulk_pair(const InterfaceInfo& interface) {
  const EndpointInfo* in = nullptr;
  const EndpointInfo* out = nullptr;
  for (const auto& endpoint : interface.endpoints) {
    if (endpoint.type == TransferType::bulk) {
      auto& slot = endpoint.in() ? in : out;
      slot = slot != nullptr ? slot : &endpoint;
    }
  }
  if (in == nullptr || out == nullptr) {
    return std::nullopt;
  }
  return BulkPair{*in, *out};
}

}  // namespace modemedic::usb
