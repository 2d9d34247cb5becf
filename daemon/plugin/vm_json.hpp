// A VM as plugins are told of it: the member `vm` of frames.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <unordered_map>

#include "plugin/call.hpp"
#include "plugin/declaration.hpp"

namespace apiary::plugin {

struct VmFacts {
    std::string name;
    unsigned id = 0;
    std::uint64_t incarnation = 0;
    std::string run_folder;
    Settings settings;
};

// Keys that the plugin declares and nobody has set have their defaults.
[[nodiscard]] auto vm_to_json(VmFacts facts, Declaration const& declaration) -> Json;

// The settings of VMs as the text of JSON, made once for each definition: it is told with each call and each event.
class SettingsTexts {
public:
    using Describe = std::function<Settings(Definition const&, std::string const& plugin)>;
    [[nodiscard]] auto of(DefinitionPtr const& definition, Describe const& describe, Declaration const& declaration)
        -> std::shared_ptr<std::string const>;
    void clear() { known_.clear(); }

private:
    struct Known {
        std::weak_ptr<Definition const> definition;
        std::shared_ptr<std::string const> text;
    };
    std::unordered_map<Definition const*, Known> known_;
    std::size_t bound_ = 256;
};
// `facts` without settings, which are null: for them Call::settings.
[[nodiscard]] auto vm_frame(VmFacts facts) -> Json;

// Where all of the VMs' hypervisors have their lines: that of the contributions which is the log, or null.
[[nodiscard]] auto log_of(std::vector<Contribution> const& contributions) -> std::shared_ptr<UniqueFd>;

}  // namespace apiary::plugin
