// Configurations of many VMs, alike in nothing but their templates.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "config/load.hpp"

namespace apiary::bench {

struct Workload {
    std::vector<config::FileText> files;

    [[nodiscard]] auto bytes() const -> std::size_t;
};

// Each VM: a disk by template, an image, three templates (one of which applies another, with arguments), arithmetic,
// a network card with its address. `one_each`: the templates in one file, every VM in a file of its own; else all in
// one. Of every hundredth VM the memory is `changed`.
[[nodiscard]] auto make_workload(std::size_t vms, bool one_each, bool changed) -> Workload;

}  // namespace apiary::bench
