// The words and signs of a shell script, as far as they are needed to tell assignments from everything else.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace apiary::config {

struct ShellPart {
    enum class Kind { text, variable, shell };
    Kind kind = Kind::text;
    std::string text;  // the text, the variable's name, or what only a shell understands, as written
};

struct ShellToken {
    enum class Kind { end, newline, sign, word, broken };
    Kind kind = Kind::end;
    unsigned line = 1;
    std::string_view sign;  // ; & | && || ( ) < > << and the like
    // word:
    std::string_view name;         // NAME= stands before: of an assignment
    std::string_view written;      // all of it
    std::vector<ShellPart> parts;  // of an assignment: without NAME=
    std::string message;           // broken: what is wrong. Nothing can be read after it
};

class ShellLexer {
public:
    explicit ShellLexer(std::string_view text) : text_{text} {}
    auto next() -> ShellToken;

    // After a << and its word: what follows the end of this line up to a line of `delimiter` alone is no script.
    void here_document(std::string delimiter, bool tabs) { documents_.push_back({std::move(delimiter), tabs}); }

private:
    struct Document {
        std::string delimiter;
        bool tabs;  // <<- : tabs before the delimiter do not count
    };

    [[nodiscard]] auto at_end(std::size_t ahead = 0) const -> bool { return pos_ + ahead >= text_.size(); }
    [[nodiscard]] auto peek(std::size_t ahead = 0) const -> char { return at_end(ahead) ? '\n' : text_[pos_ + ahead]; }
    auto take() -> char;
    void skip_blanks();
    void skip_documents();
    auto sign() -> ShellToken;
    auto word() -> ShellToken;
    // At a quote, backslash or dollar.
    void single_quotes(ShellToken& word);
    void double_quotes(ShellToken& word);
    void backslash(ShellToken& word, bool quoted);
    void dollar(ShellToken& word);
    void skip_nested(ShellToken& word, std::string_view closing);
    void broken(ShellToken& word, std::string message) const;
    static void add(ShellToken& word, ShellPart::Kind kind, std::string_view text);

    std::string_view text_;
    std::size_t pos_ = 0;
    unsigned line_ = 1;
    std::vector<Document> documents_;
};

}  // namespace apiary::config
