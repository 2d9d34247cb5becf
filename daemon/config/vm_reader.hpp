// One `vm` section, with the templates that it applies, to a draft.
#pragma once

#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "config/context.hpp"
#include "config/draft.hpp"
#include "config/evaluate.hpp"

namespace apiary::config {

class VmReader {
public:
    VmReader(Context& context, SourceFile const& file, Section const& section);

    // A draft whose name is not allowed, or that grew too large, is marked as dropped.
    [[nodiscard]] auto read(unsigned id) -> Draft;

private:
    // Where statements are read: in the section itself, or in a template.
    struct Place {
        SourceFile const* file = nullptr;
        std::string_view through;  // name of the template
        Variables* arguments = nullptr;
        unsigned depth = 0;
    };

    void predefine(unsigned id);
    void sync_predefined(std::string_view key);
    void body(std::vector<Statement> const& statements, Place const& place);
    void set_variable(Statement const& statement, Place const& place);
    void set_key(Statement const& statement, Place const& place);
    void set_value(KeySpec const& key, Text const& text, Mark const& mark);
    void apply(ApplyTarget const& target, Place const& place);
    [[nodiscard]] auto arguments_for(Template const& found, ApplyTarget const& target, Place const& place) -> Variables;
    void record(KeySpec const& key, std::string_view text, Mark const& mark);

    [[nodiscard]] auto value_of(Value const& value, Place const& place, Provenance const& written)
        -> std::optional<Text>;
    void error(Mark const& mark, std::string_view key, std::string message);

    Context& context_;
    SourceFile const& file_;
    Section const& section_;
    Budget& budget_;
    Variables local_;
    std::unordered_set<Section const*> applied_;
    Draft draft_;
};

}  // namespace apiary::config
