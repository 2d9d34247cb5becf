// Values of UCL to values of the tree. What stands in them with a $ means what it means within "…" of bmd's language.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "config/tree.hpp"
#include "config/ucl/document.hpp"

namespace apiary::config::ucl {

class Values {
public:
    using Report = std::function<void(Position, std::string)>;

    // Texts that are not in the document as they stand go to `decoded` of the tree.
    Values(Document const& document, Tree& tree, Report report);

    [[nodiscard]] auto value(Node const& scalar) -> Value;
    // NAME, or NAME(VALUE, …), as it stands behind .apply. False: that was reported.
    [[nodiscard]] auto target(Node const& scalar, ApplyTarget& into) -> bool;
    // A text that somebody made up, at the place of the node.
    [[nodiscard]] auto constant(Node const& scalar, std::string text) -> Value;
    // Without variables: names, and whatever does not come to the resolver.
    [[nodiscard]] auto plain(Node const& scalar) -> std::string;

private:
    // The text in bmd's language that a text of UCL is written as, and where its bytes come from.
    struct Translation;
    [[nodiscard]] auto split_variables(Node const& scalar, Value& into) -> bool;
    [[nodiscard]] auto translate(Node const& scalar, std::string_view before, std::string_view after, bool in_quotes)
        -> Translation;
    void escape(std::string_view raw, std::size_t& index, Node const& scalar, Translation& out, bool in_quotes);
    void unicode(std::string_view raw, std::size_t& index, Node const& scalar, Translation& out, bool in_quotes);
    [[nodiscard]] auto read(Translation const& translation, Section& section) -> bool;
    void keep(Value& value, Translation const& translation);
    [[nodiscard]] auto kept(std::string_view text) -> std::string_view;

    Document const& document_;
    Tree& tree_;
    Report report_;
};

// What \' and a backslash at the end of a line mean within '…'; everything else stays.
[[nodiscard]] auto decode_single(std::string_view raw) -> std::string;

}  // namespace apiary::config::ucl
