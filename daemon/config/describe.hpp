// Definitions and global settings as a list of keys: everything that holds for a VM, defaults and implications too, and
// where it was said.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/load.hpp"
#include "config/neutral.hpp"
#include "vm/definition.hpp"

namespace apiary::config {

struct DescribedKey {
    std::string key;
    Neutral value;                   // of a secret that is kept: null
    std::vector<std::string> texts;  // the value as a configuration would say it; none: there is none, or it is kept
    std::vector<Origin> origins;     // one for each value that was written; none: a default, or implied by others
    bool secret = false;             // it is set, and is kept where `secrets` was not said
    bool derived = false;            // no key of its own: a part of others (cores), or not from the text (id)
};

struct DescribeOptions {
    std::optional<unsigned> id;  // the VM's number; none: `id` is left out
    bool secrets = false;        // for who may read the file anyway
};

// In the order of the key table. Keys of plugins that are not set are left out.
[[nodiscard]] auto describe(Definition const& definition, DescribeOptions const& options = {})
    -> std::vector<DescribedKey>;
[[nodiscard]] auto describe(Globals const& globals) -> std::vector<DescribedKey>;

}  // namespace apiary::config
