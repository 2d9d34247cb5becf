// Object paths.
#include "bus/paths.hpp"

#include <charconv>
#include <cstdlib>
#include <memory>

#include "bus/sd_bus.hpp"

namespace apiary::bus {

namespace {

struct Free {
    void operator()(char* text) const { std::free(text); }
};
using CText = std::unique_ptr<char, Free>;

// The part below `prefix`, one level deep; nothing else.
auto label_of(std::string_view path, std::string_view prefix) -> std::string_view {
    if (path.size() < prefix.size() + 2 || !path.starts_with(prefix) || path[prefix.size()] != '/') {
        return {};
    }
    auto const label = path.substr(prefix.size() + 1);
    return label.find('/') == std::string_view::npos ? label : std::string_view{};
}

auto encoded(char const* prefix, std::string_view name) -> std::string {
    char* made = nullptr;
    check(sd_bus_path_encode(prefix, std::string{name}.c_str(), &made), "encode an object's path");
    CText const owner{made};
    return made;
}

auto decoded(char const* prefix, std::string_view path) -> std::optional<std::string> {
    if (label_of(path, prefix).empty()) {
        return std::nullopt;
    }
    char* made = nullptr;
    std::string const text{path};
    if (sd_bus_path_decode(text.c_str(), prefix, &made) <= 0 || made == nullptr) {
        return std::nullopt;
    }
    CText const owner{made};
    std::string name{made};
    if (name.empty() || encoded(prefix, name) != path) {
        return std::nullopt;
    }
    return name;
}

}  // namespace

auto vm_path(std::string_view name) -> std::string {
    return encoded(vm_prefix, name);
}

auto plugin_path(std::string_view name) -> std::string {
    return encoded(plugin_prefix, name);
}

auto job_path(std::uint64_t id) -> std::string {
    return std::string{job_prefix} + '/' + std::to_string(id);
}

auto vm_name_of(std::string_view path) -> std::optional<std::string> {
    return decoded(vm_prefix, path);
}

auto plugin_name_of(std::string_view path) -> std::optional<std::string> {
    return decoded(plugin_prefix, path);
}

auto job_id_of(std::string_view path) -> std::optional<std::uint64_t> {
    auto const label = label_of(path, job_prefix);
    std::uint64_t id = 0;
    auto const [end, error] = std::from_chars(label.data(), label.data() + label.size(), id);
    if (label.empty() || label.front() == '0' || error != std::errc{} || end != label.data() + label.size()) {
        return std::nullopt;
    }
    return id;
}

}  // namespace apiary::bus
