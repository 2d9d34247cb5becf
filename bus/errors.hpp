// The error names of the API, and the exception that carries one out of a handler.
#pragma once

#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

#include "bus/sd_bus.hpp"
#include "vm/engine.hpp"

namespace apiary::bus {

enum class Error {
    no_such_vm,
    no_such_job,
    no_such_plugin,
    invalid_state,
    not_supported,
    undo_pending,
    shutting_down,
    degraded,
    config_invalid,
    console_busy,
    no_console,
    not_cancelable,
    failed,
    access_denied,
    invalid_option,
    invalid_argument,
    limits_exceeded,
    journal_truncated,
};

struct ErrorName {
    Error error;
    char const* name;  // on the bus
};
[[nodiscard]] auto error_names() -> std::span<ErrorName const>;
[[nodiscard]] auto name_of(Error error) -> char const*;
[[nodiscard]] auto error_of(Refusal::Kind kind) -> Error;

// A call that ends in an error reply. The text is for people, and is made fit for the bus here.
class Fault : public std::runtime_error {
public:
    Fault(Error error, std::string_view text);
    explicit Fault(Refusal const& refusal);
    [[nodiscard]] auto error() const -> Error { return error_; }
    [[nodiscard]] auto name() const -> char const* { return name_of(error_); }

private:
    Error error_;
};

// The same reply whether there is no such VM or the caller may not know of it.
[[nodiscard]] auto no_such_vm(std::string_view name) -> Fault;
[[nodiscard]] auto no_such_plugin(std::string_view name) -> Fault;

// Puts the exception that is being handled into `error` and returns what an sd-bus handler returns for it.
[[nodiscard]] auto set_current_exception(sd_bus_error* error) noexcept -> int;

// Every handler that the C library calls runs in this: an exception that went through it would wedge the connection.
template <typename Body>
[[nodiscard]] auto guarded(sd_bus_error* error, Body&& body) noexcept -> int {
    try {
        return body();
    } catch (...) {
        return set_current_exception(error);
    }
}

}  // namespace apiary::bus
