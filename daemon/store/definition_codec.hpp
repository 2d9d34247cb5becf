// A definition as bytes, and back: what was started goes on by the definition that it was started with, whatever the
// files say by then.
//
// CBOR: texts keep bytes that are no UTF-8 (paths may hold them). Members are named, so that a later version can add
// some; one that is missing has the default of vm/definition.hpp. Secrets are in it: the database is the daemon's
// alone.
#pragma once

#include <string>
#include <string_view>

#include "vm/definition.hpp"
#include "vm/memory.hpp"

namespace apiary::store {

[[nodiscard]] auto encode(Definition const& definition) -> std::string;
// Null: it is damaged.
[[nodiscard]] auto decode_definition(std::string_view bytes) -> DefinitionPtr;

}  // namespace apiary::store
