// The error names of the API.
#include "bus/errors.hpp"

#include <array>
#include <cerrno>
#include <new>
#include <system_error>

#include "bus/text.hpp"

namespace apiary::bus {

namespace {

constexpr std::size_t max_error_text = std::size_t{64} * 1024;  // ConfigInvalid carries all messages

constexpr std::array names{
    ErrorName{Error::no_such_vm, "org.apiary.Apiary1.Error.NoSuchVM"},
    ErrorName{Error::no_such_job, "org.apiary.Apiary1.Error.NoSuchJob"},
    ErrorName{Error::no_such_plugin, "org.apiary.Apiary1.Error.NoSuchPlugin"},
    ErrorName{Error::invalid_state, "org.apiary.Apiary1.Error.InvalidState"},
    ErrorName{Error::not_supported, "org.apiary.Apiary1.Error.NotSupported"},
    ErrorName{Error::undo_pending, "org.apiary.Apiary1.Error.UndoPending"},
    ErrorName{Error::shutting_down, "org.apiary.Apiary1.Error.ShuttingDown"},
    ErrorName{Error::degraded, "org.apiary.Apiary1.Error.Degraded"},
    ErrorName{Error::config_invalid, "org.apiary.Apiary1.Error.ConfigInvalid"},
    ErrorName{Error::console_busy, "org.apiary.Apiary1.Error.ConsoleBusy"},
    ErrorName{Error::no_console, "org.apiary.Apiary1.Error.NoConsole"},
    ErrorName{Error::not_cancelable, "org.apiary.Apiary1.Error.NotCancelable"},
    ErrorName{Error::failed, "org.apiary.Apiary1.Error.Failed"},
    ErrorName{Error::access_denied, "org.apiary.Apiary1.Error.AccessDenied"},
    ErrorName{Error::invalid_option, "org.apiary.Apiary1.Error.InvalidOption"},
    ErrorName{Error::invalid_argument, "org.apiary.Apiary1.Error.InvalidArgument"},
    ErrorName{Error::limits_exceeded, "org.apiary.Apiary1.Error.LimitsExceeded"},
    ErrorName{Error::journal_truncated, "org.apiary.Apiary1.Error.JournalTruncated"},
};

}  // namespace

void check(int result, char const* what) {
    if (result < 0) {
        throw std::system_error{-result, std::generic_category(), what};
    }
}

auto error_names() -> std::span<ErrorName const> {
    return names;
}

auto name_of(Error error) -> char const* {
    for (auto const& entry : names) {
        if (entry.error == error) {
            return entry.name;
        }
    }
    return "org.apiary.Apiary1.Error.Failed";
}

auto error_of(Refusal::Kind kind) -> Error {
    switch (kind) {
        case Refusal::Kind::no_such_vm:
            return Error::no_such_vm;
        case Refusal::Kind::no_such_job:
            return Error::no_such_job;
        case Refusal::Kind::invalid_state:
            return Error::invalid_state;
        case Refusal::Kind::not_supported:
            return Error::not_supported;
        case Refusal::Kind::undo_pending:
            return Error::undo_pending;
        case Refusal::Kind::shutting_down:
            return Error::shutting_down;
        case Refusal::Kind::degraded:
            return Error::degraded;
        case Refusal::Kind::config_invalid:
            return Error::config_invalid;
        case Refusal::Kind::console_busy:
            return Error::console_busy;
        case Refusal::Kind::no_console:
            return Error::no_console;
        case Refusal::Kind::not_cancelable:
            return Error::not_cancelable;
        case Refusal::Kind::too_many:
            return Error::limits_exceeded;
        case Refusal::Kind::failed:
            return Error::failed;
    }
    return Error::failed;
}

Fault::Fault(Error error, std::string_view text)
    : std::runtime_error{clean_text(text, max_error_text)}, error_{error} {}

Fault::Fault(Refusal const& refusal) : Fault{error_of(refusal.kind), refusal.text} {}

auto no_such_vm(std::string_view name) -> Fault {
    constexpr std::size_t shown = 128;
    return {Error::no_such_vm, "There is no VM '" + clean_text(name, shown) + "' that you may see."};
}

auto no_such_plugin(std::string_view name) -> Fault {
    constexpr std::size_t shown = 64;
    return {Error::no_such_plugin,
            "There is no plugin '" + clean_text(name, shown) + "': no file of that name is in the folders of plugins."};
}

auto set_current_exception(sd_bus_error* error) noexcept -> int {
    try {
        throw;
    } catch (Fault const& fault) {
        return sd_bus_error_set(error, fault.name(), fault.what());
    } catch (std::bad_alloc const&) {
        return -ENOMEM;
    } catch (std::exception const& other) {
        return sd_bus_error_set(error, name_of(Error::failed), other.what());
    } catch (...) {
        return sd_bus_error_set(error, name_of(Error::failed), "Something went wrong inside the daemon.");
    }
}

}  // namespace apiary::bus
