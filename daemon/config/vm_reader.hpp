// One `vm` section, with the templates that it applies, to a draft.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/context.hpp"
#include "config/draft.hpp"
#include "config/evaluate.hpp"

namespace apiary::config {

class VmReader {
public:
    explicit VmReader(Context& context) : context_{context} {}

    // A draft whose name is not allowed, or that grew too large, is marked as dropped. The draft is valid until the
    // next one is read.
    [[nodiscard]] auto read(SourceFile const& file, Section const& section, unsigned id) -> Draft&;

private:
    // Where statements are read: in the section itself, or in a template.
    struct Place {
        SourceFile const* file = nullptr;
        std::string_view through;  // name of the template
        Variables* arguments = nullptr;
        unsigned depth = 0;
    };

    void begin(SourceFile const& file, Section const& section);
    void predefine(unsigned id);
    void sync_predefined(std::string_view key);
    void body(std::vector<Statement> const& statements, Place const& place);
    void set_variable(Statement const& statement, Place const& place);
    void set_key(Statement const& statement, Place const& place);
    void set_value(KeySpec const& key, TextView const& text, Mark const& mark);
    void apply(ApplyTarget const& target, Place const& place);
    [[nodiscard]] auto arguments_for(Template const& found, ApplyTarget const& target, Place const& place)
        -> Variables&;
    void record(KeySpec const& key, std::string_view text, Mark const& mark);

    [[nodiscard]] auto value_of(Value const& value, Place const& place, Provenance const& written)
        -> std::optional<TextView>;  // until the next one
    void error(Mark const& mark, std::string_view key, std::string message);

    Context& context_;
    std::uint64_t number_ = 0;  // of the VM, counted from 1

    // Of the VM that is read. What can keep its room for the next one does.
    SourceFile const* file_ = nullptr;
    Budget* budget_ = nullptr;
    Variables local_;
    std::deque<Variables> arguments_;  // by depth of the templates
    std::string room_;                 // for the value that is worked out
    std::vector<Entry> entries_;
    std::optional<Draft> draft_;
};

}  // namespace apiary::config
