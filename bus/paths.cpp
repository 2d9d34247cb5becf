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

}  // namespace

auto vm_path(std::string_view name) -> std::string {
    char* encoded = nullptr;
    check(sd_bus_path_encode(vm_prefix, std::string{name}.c_str(), &encoded), "encode the path of a VM");
    CText const owner{encoded};
    return encoded;
}

auto job_path(std::uint64_t id) -> std::string {
    return std::string{job_prefix} + '/' + std::to_string(id);
}

auto vm_name_of(std::string_view path) -> std::optional<std::string> {
    if (label_of(path, vm_prefix).empty()) {
        return std::nullopt;
    }
    char* decoded = nullptr;
    std::string const text{path};
    if (sd_bus_path_decode(text.c_str(), vm_prefix, &decoded) <= 0 || decoded == nullptr) {
        return std::nullopt;
    }
    CText const owner{decoded};
    std::string name{decoded};
    if (name.empty() || vm_path(name) != path) {
        return std::nullopt;
    }
    return name;
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
