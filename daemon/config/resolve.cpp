// The `vm` sections, one after the other: root's first, for these win where two of them want the same name.
#include "config/resolve.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "config/after.hpp"
#include "config/characters.hpp"
#include "config/finish.hpp"
#include "config/text.hpp"
#include "config/vm_reader.hpp"

namespace apiary::config {

namespace {

// Names without case, as name_key() makes them equal, without a copy of each.
struct FoldedHash {
    // Another one for each load: nobody can choose names that fall into one bucket.
    std::uint64_t factor = std::uint64_t{std::random_device{}()} << 32U | std::random_device{}() | 1U;

    auto operator()(std::string_view name) const -> std::size_t {
        std::uint64_t hash = 0;
        for (char const c : name) {
            hash = (hash + static_cast<unsigned char>(folded(c))) * factor;
        }
        return static_cast<std::size_t>(hash);
    }
};
struct FoldedEqual {
    auto operator()(std::string_view a, std::string_view b) const -> bool { return equal_fold(a, b); }
};
template <typename T>
using ByName = std::unordered_map<std::string_view, T, FoldedHash, FoldedEqual>;

class Resolver {
public:
    Resolver(Context& context, SourceFiles const& files, LoadResult& result)
        : context_{context}, reader_{context}, result_{result} {
        for (SourceFile const& file : files) {
            for (Section const& section : file.tree.sections) {
                if (section.kind == Section::Kind::vm) {
                    vms_.push_back({&file, &section, id_for(section.name), nullptr, {}, {}});
                }
            }
        }
    }

    void run() {
        holders_.reserve(vms_.size());
        for (bool const trusted : {true, false}) {
            for (Vm& vm : vms_) {
                if (vm.file->from.trusted == trusted) {
                    read(vm);
                }
            }
        }
        context_.subject = nullptr;
        settle_order();
        result_.definitions.reserve(vms_.size());
        result_.ids.reserve(vms_.size());
        for (Vm& vm : vms_) {
            if (vm.definition) {
                result_.definitions.push_back(std::move(vm.definition));
                result_.ids.push_back(vm.id);
            } else if (!vm.dropped.empty()) {
                result_.dropped_vms.emplace_back(vm.dropped);
            }
        }
    }

private:
    struct Vm {
        SourceFile const* file = nullptr;
        Section const* section = nullptr;
        unsigned id = 0;
        DefinitionPtr definition;
        std::string_view dropped;          // its name, where it has one and would have it but for what is wrong with it
        std::optional<std::size_t> order;  // its number in ordered_
    };

    // By the name of the section, whatever becomes of it. A VM that is dropped keeps its number.
    auto id_for(std::string_view name) -> unsigned {
        if (name_fault(name)) {
            return 0;  // it is dropped before the number could be used
        }
        auto const& id_of = context_.options.id_of;
        return id_of ? id_of(name) : counted_.emplace(name, static_cast<unsigned>(counted_.size())).first->second;
    }

    void read(Vm& vm) {
        Draft& draft = reader_.read(*vm.file, *vm.section, vm.id);
        std::string_view const name = draft.vm.name;
        if (name_fault(name)) {
            return;
        }
        // Of two definitions of one name root's wins, then the first one. That holds for a dropped one too: nobody
        // takes over the name of a VM by its definition being wrong for a while.
        if (auto const holder = holders_.find(name); holder != holders_.end()) {
            report_duplicate(draft, holder->second);
            return;
        }
        Mark const mark = draft.name;
        bool const dropped = draft.dropped;
        vm.definition = dropped ? nullptr : finish(context_, draft, before(name));
        if (!vm.definition) {
            vm.dropped = dropped_names_.emplace_back(name);
        }
        // By a text that stays where it is: the draft's may go with it.
        holders_.emplace(vm.definition ? std::string_view{vm.definition->name} : vm.dropped, mark);
        note_order(vm, draft);
    }

    void note_order(Vm& vm, Draft const& draft) {
        vm.order = ordered_.size();
        auto& ordered = ordered_.emplace_back(
            OrderedVm{.file = vm.file,
                      .section_name = draft.section_name,
                      .name = vm.definition ? std::string_view{vm.definition->name} : vm.dropped,
                      .audience = {.owner = draft.vm.owner, .group = draft.vm.group, .visibility = draft.vm.visibility},
                      .after = {},
                      .definition = nullptr});
        auto const* const entry = draft.find("after");
        for (std::size_t i = 0; entry != nullptr && vm.definition && i < entry->marks.size(); ++i) {
            ordered.after.push_back({draft.vm.after.at(i), entry->marks[i], draft.after_trusted.at(i)});
        }
    }

    void settle_order() {
        for (Vm& vm : vms_) {
            if (vm.order) {
                ordered_[*vm.order].definition = vm.definition;
            }
        }
        settle_after(context_, result_.globals, ordered_);
        for (Vm& vm : vms_) {
            if (!vm.order) {
                continue;
            }
            auto& settled = ordered_[*vm.order].definition;
            if (vm.definition && !settled) {
                vm.dropped = dropped_names_.emplace_back(vm.definition->name);
            }
            vm.definition = std::move(settled);
        }
    }

    // What there was of this name at the load before. VMs mostly come in the same order again.
    auto before(std::string_view name) -> DefinitionPtr const& {
        static DefinitionPtr const nothing;
        auto const* const definitions = context_.options.definitions_before;
        if (definitions == nullptr) {
            return nothing;
        }
        if (next_before_ < definitions->size() && (*definitions)[next_before_]->name == name) {
            return (*definitions)[next_before_++];
        }
        if (before_.empty()) {
            for (std::size_t i = 0; i < definitions->size(); ++i) {
                before_.emplace((*definitions)[i]->name, i);
            }
        }
        auto const found = before_.find(name);
        if (found == before_.end()) {
            return nothing;
        }
        next_before_ = found->second + 1;
        return (*definitions)[found->second];
    }

    void report_duplicate(Draft const& loser, Mark const& winner) {
        FileText const& text = *loser.section.file->text;
        Provenance const& from = loser.section.file->from;
        bool const same_owner = text.owner == winner.file->text->owner || (from.trusted && winner.file->from.trusted);
        bool const may_know = from.trusted || winner.file->from.trusted || same_owner;
        std::string const where =
            may_know ? ": see " + winner.file->text->name + ":" + std::to_string(winner.at.line) : std::string{};
        if (!same_owner) {
            result_.lost_names.push_back({loser.vm.name, text.owner});
        }
        context_.diagnostics.add(loser.name.file->index, from.trusted,
                                 {.file = loser.name.file->text->name,
                                  .line = loser.name.at.line,
                                  .column = loser.name.at.column,
                                  .vm = std::string{loser.section_name},
                                  .key = "name",
                                  .message = "there is a VM " + quoted_text(loser.vm.name) + " already" + where,
                                  .trusted = from.trusted,
                                  .owner = from.trusted ? 0 : from.owner,
                                  .harmless = !same_owner});
    }

    Context& context_;
    VmReader reader_;
    LoadResult& result_;
    std::vector<Vm> vms_;                    // in reading order
    ByName<unsigned> counted_;               // numbers, where nobody else gives them
    ByName<Mark> holders_;                   // where the name was said
    std::deque<std::string> dropped_names_;  // that holders are known by
    std::vector<OrderedVm> ordered_;         // root's first
    ByName<std::size_t> before_;             // definitions of before, made when it is needed
    std::size_t next_before_ = 0;
};

}  // namespace

void read_vms(Context& context, SourceFiles const& files, LoadResult& result) {
    Resolver{context, files, result}.run();
}

}  // namespace apiary::config
