#include "config_workload.hpp"

#include <array>
#include <cstdio>
#include <numeric>

namespace apiary::bench {

namespace {

constexpr auto shared = R"(# What all VMs have in common.
global {
    $images = "/vm/images";
    $base_port = 5900;
}

template base {
    loader = uefi;
    com1 = auto;
    boot = yes;
    stop_timeout = 60;
    virt_random = yes;
}

template image(name, type = virtio-blk) {
    disk = $type:noexist:$images/$name.img;
}

template sized(gigabytes, cores = 2) {
    memory = $((1024 * $gigabytes))M;
    ncpu = 1:$cores;
    .apply image(${NAME}-root, nvme);
}

template screen(port) {
    graphics_listen = 127.0.0.1;
    graphics_port = $port;
    graphics_res = 1280x720;
}

)";

auto section(std::size_t number, bool changed) -> std::string {
    std::array<char, 512> text{};
    auto const low = static_cast<unsigned>(number);
    unsigned const gigabytes = (changed && number % 100 == 0 ? 9 : 1) + low % 4;
    int const length = std::snprintf(text.data(), text.size(),
                                     "vm guest%05u {\n"
                                     "    .apply base, sized(%u), screen($(($base_port + $ID)));\n"
                                     "    iso = noexist:/vm/iso/debian-12.iso;\n"
                                     "    network = [02:00:00:%02x:%02x:%02x]:bridge0;\n"
                                     "}\n\n",
                                     low, gigabytes, (low >> 16U) & 255U, (low >> 8U) & 255U, low & 255U);
    return {text.data(), static_cast<std::size_t>(length)};
}

}  // namespace

auto Workload::bytes() const -> std::size_t {
    return std::accumulate(files.begin(), files.end(), std::size_t{0},
                           [](std::size_t sum, config::FileText const& file) { return sum + file.text.size(); });
}

auto make_workload(std::size_t vms, bool one_each, bool changed) -> Workload {
    Workload made;
    made.files.push_back({"/etc/apiary/apiary.conf", 0, shared});
    for (std::size_t i = 0; i < vms; ++i) {
        if (one_each) {
            made.files.push_back({"/etc/apiary/vm/guest" + std::to_string(i) + ".conf", 0, section(i, changed)});
        } else {
            made.files.front().text += section(i, changed);
        }
    }
    return made;
}

}  // namespace apiary::bench
