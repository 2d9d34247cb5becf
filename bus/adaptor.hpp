// What the generated adaptors of sdbus-c++ 1.2 need: its types from ours and back, and errors that it can carry.
// Included by the few files that have an adaptor; nowhere else.
#pragma once

#include <sdbus-c++/sdbus-c++.h>

#include <map>
#include <string>

#include "bus/errors.hpp"
#include "bus/incoming.hpp"
#include "bus/value.hpp"

namespace apiary::bus {

using VariantMap = std::map<std::string, sdbus::Variant>;

[[nodiscard]] auto to_variant(Value const& value) -> sdbus::Variant;
[[nodiscard]] auto to_variants(Dict const& entries) -> VariantMap;
[[nodiscard]] auto to_options(VariantMap const& map) -> Options;
[[nodiscard]] auto to_error(Fault const& fault) -> sdbus::Error;

// The body of every handler: 1.2 lets no exception but its own leave one.
template <typename Body>
auto answered(Body&& body) {
    try {
        return body();
    } catch (sdbus::Error const&) {
        throw;
    } catch (Fault const& fault) {
        throw to_error(fault);
    } catch (std::exception const& error) {
        throw to_error(Fault{Error::failed, error.what()});
    } catch (...) {
        throw to_error(Fault{Error::failed, "Something went wrong inside the daemon."});
    }
}

}  // namespace apiary::bus
