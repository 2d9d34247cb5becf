// Something went wrong, in a form that is fit to be shown: what, what to do about it, and the exit code.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>

#include "ctl/exit_code.hpp"

namespace apiary::ctl {

class Failure : public std::runtime_error {
public:
    Failure(ExitCode code, std::string const& text, std::string hint = {}, std::string error_name = {})
        : std::runtime_error{text}, code_{code}, hint_{std::move(hint)}, error_name_{std::move(error_name)} {}

    [[nodiscard]] auto code() const -> ExitCode { return code_; }
    [[nodiscard]] auto hint() const -> std::string const& { return hint_; }  // what to do; may be empty
    // The last word of the error's name on the bus, as "InvalidState"; empty where the bus was not asked.
    [[nodiscard]] auto error_name() const -> std::string const& { return error_name_; }

private:
    ExitCode code_;
    std::string hint_;
    std::string error_name_;
};

// The journal no longer has what was asked for, or numbers anew.
class JournalTruncated : public Failure {
public:
    JournalTruncated(std::string const& text, std::uint64_t oldest, std::string stream)
        : Failure{ExitCode::failed, text, {}, "JournalTruncated"}, oldest_{oldest}, stream_{std::move(stream)} {}

    [[nodiscard]] auto oldest() const -> std::uint64_t { return oldest_; }
    [[nodiscard]] auto stream() const -> std::string const& { return stream_; }

private:
    std::uint64_t oldest_;
    std::string stream_;
};

}  // namespace apiary::ctl
