// Where the parts of a UCL text are. libucl alone says whether a text is UCL and what its values are, but it does not
// tell where in the text they stand, and of numbers and words not how they were written. This walks over the text by
// libucl's own rules and notes it; judge.hpp then holds the result against libucl's.
//
// It also stops at what would take libucl's stack or time: deep nesting, and long rows of names.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/ucl/child/fault.hpp"
#include "config/ucl/stream.hpp"

namespace apiary::config::ucl {

class Scanner {
public:
    explicit Scanner(std::string_view text) : text_{text} {}

    // Nothing: all is noted.
    [[nodiscard]] auto run() -> std::optional<Fault>;
    [[nodiscard]] auto nodes() const -> std::vector<Node> const& { return nodes_; }
    // The text must not be shown to libucl.
    [[nodiscard]] auto dangerous() const -> bool { return dangerous_; }

private:
    struct Frame {
        bool array = false;
        bool braced = false;
        bool noted = true;  // the file itself is no node
        std::size_t at = 0;
    };
    struct Key {
        std::size_t at = 0, size = 0;
    };

    // Each returns false where it met a fault.
    [[nodiscard]] auto file() -> bool;
    [[nodiscard]] auto member() -> bool;
    [[nodiscard]] auto element() -> bool;
    [[nodiscard]] auto key(Key& key) -> bool;
    [[nodiscard]] auto quoted_key(Key& key) -> bool;
    [[nodiscard]] auto separator(bool& found) -> bool;
    [[nodiscard]] auto value(Key const* key) -> bool;
    [[nodiscard]] auto open(bool array, bool braced, Key const* key) -> bool;
    [[nodiscard]] auto close() -> bool;
    [[nodiscard]] auto after_value(bool separated) -> bool;
    [[nodiscard]] auto scalar(Node node) -> bool;
    [[nodiscard]] auto doubled(Node node) -> bool;
    [[nodiscard]] auto single(Node node) -> bool;
    [[nodiscard]] auto block(Node node) -> bool;
    [[nodiscard]] auto bare(Node node) -> bool;

    [[nodiscard]] auto skip_blanks(bool lines) -> bool;  // and comments
    [[nodiscard]] auto skip_comment() -> bool;
    [[nodiscard]] auto starts_comment() const -> bool;
    [[nodiscard]] auto names_go_on() const -> bool;
    [[nodiscard]] auto peek(std::size_t ahead = 0) const -> char;
    [[nodiscard]] auto at_end() const -> bool { return pos_ >= text_.size(); }
    auto fail(std::size_t at, std::string text) -> bool;        // false
    auto fail_early(std::size_t at, std::string text) -> bool;  // false; and libucl must not see the text

    std::string_view text_;
    std::size_t pos_ = 0;
    std::vector<Frame> stack_;
    unsigned braces_ = 0, names_ = 0;
    std::vector<Node> nodes_;
    std::optional<Fault> fault_;
    bool dangerous_ = false;
};

}  // namespace apiary::config::ucl
