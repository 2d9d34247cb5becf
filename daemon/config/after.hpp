// Who is started after whom: what `after` names is looked up when all VMs were read.
//
// An order is not worth a VM. What is refused is what only the owner of a VM's file can have got wrong: a circle among
// his own VMs, and a name that is not there where no one else's files are read. Where others have a part in it (they
// may take their VM away, or put it after this one), the word has no effect, and nobody's reload is refused for it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/context.hpp"
#include "config/load.hpp"
#include "vm/event.hpp"

namespace apiary::config {

// A value of `after`.
struct AfterValue {
    std::string name;
    Mark mark;
    bool trusted = true;  // root's word: he may name whom he likes
};

struct OrderedVm {
    SourceFile const* file = nullptr;
    std::string_view section_name, name;
    Audience audience;
    std::vector<AfterValue> after;
    DefinitionPtr definition;  // null: it is refused, for this or for something else
};

// Puts into each definition those that it is after, as far as that has an effect, and refuses what is wrong.
void settle_after(Context& context, Globals const& globals, std::vector<OrderedVm>& vms);

}  // namespace apiary::config
