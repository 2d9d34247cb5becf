// Which lines of a script are assignments and nothing else.
#include "config/import/shell.hpp"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "config/import/shell_words.hpp"
#include "config/text.hpp"

namespace apiary::config {

namespace {

constexpr std::size_t longest_quote_of_shell = 60;

auto shortened(std::string_view text) -> std::string {
    return quoted_text(text.substr(0, std::min(text.find('\n'), longest_quote_of_shell)));
}

struct Pair {
    std::string_view opens, closes;
};
constexpr std::array compound{Pair{"if", "fi"},     Pair{"while", "done"}, Pair{"until", "done"}, Pair{"for", "done"},
                              Pair{"case", "esac"}, Pair{"{", "}"},        Pair{"select", "done"}};
constexpr std::array within{"then", "else", "elif", "do", "!"};

class StatementReader {
public:
    StatementReader(ShellVariables& variables, FileText const& file, ShellVariables::Report const& report)
        : variables_{variables}, file_{file}, report_{report}, lexer_{file.text} {}

    void run() {
        while (true) {
            ShellToken token = lexer_.next();
            if (token.kind == ShellToken::Kind::broken) {
                reason_ = {token.line, token.message + "; the rest of the file is not read"};
                open_.clear();
                finish();
                return;
            }
            if (token.kind == ShellToken::Kind::end) {
                if (!open_.empty()) {
                    reason_.text += "; it does not end: no " + std::string{open_.back()} + " follows";
                    open_.clear();
                }
                finish();
                return;
            }
            if (!take(token)) {
                return;
            }
        }
    }

private:
    struct Reason {
        unsigned line = 0;  // 0: none
        std::string text;
    };

    auto take(ShellToken& token) -> bool {
        switch (token.kind) {
            case ShellToken::Kind::newline:
                command_ = true;
                exported_ = false;
                return !open_.empty() || declares_ || finish();
            case ShellToken::Kind::sign:
                sign(token);
                return true;
            default:
                word(token);
                return true;
        }
    }

    void shell(unsigned line, std::string text) {
        if (reason_.line == 0) {
            reason_ = {line, std::move(text)};
        }
    }

    void sign(ShellToken const& token) {
        here_ = token.sign.starts_with("<<") ? token.sign : std::string_view{};
        command_ = token.sign.front() != '<' && token.sign.front() != '>';
        exported_ = false;
        if (token.sign != ";") {
            shell(token.line, "a shell would have to run this (" + quoted_text(token.sign) + ")");
        }
        // In `case`, a ) stands alone behind each pattern. NAME() belongs to what follows, in the same line or the
        // next.
        declares_ = opened_ && token.sign == ")";
        opened_ = token.sign == "(";
        if (opened_) {
            open_.push_back(")");
        } else if (token.sign == ")" && !open_.empty() && open_.back() == ")") {
            open_.pop_back();
        }
    }

    void word(ShellToken& token) {
        opened_ = declares_ = false;
        if (!here_.empty()) {
            std::string delimiter{token.written};
            std::erase_if(delimiter, [](char c) { return c == '\'' || c == '"' || c == '\\'; });
            lexer_.here_document(std::move(delimiter), here_.ends_with('-'));
            here_ = {};
            return;
        }
        if (!command_) {
            return;
        }
        if (!token.name.empty()) {
            pending_.push_back(std::move(token));
            return;
        }
        if (exported_) {
            return;  // export NAME
        }
        if (token.written == "export" || token.written == "readonly") {
            exported_ = true;
            return;
        }
        command_word(token);
    }

    void command_word(ShellToken const& token) {
        auto const opener = std::find_if(compound.begin(), compound.end(),
                                         [&](Pair const& pair) { return pair.opens == token.written; });
        if (opener != compound.end()) {
            shell(token.line, "a shell would have to run this (" + quoted_text(token.written) + ")");
            open_.push_back(opener->closes);
            command_ = token.written != "for" && token.written != "case" && token.written != "select";
            return;
        }
        if (!open_.empty() && token.written == open_.back()) {
            open_.pop_back();
            command_ = false;
            return;
        }
        if (std::find(within.begin(), within.end(), token.written) != within.end()) {
            return;
        }
        bool const includes = token.written == "." || token.written == "source";
        shell(token.line, includes ? "it includes another file, which is not read: put it in here, or import it alone"
                                   : "a shell would have to run this (" + shortened(token.written) + ")");
        command_ = false;
    }

    // The end of what belongs together: assignments count only where there is nothing else. False: stop reading.
    auto finish() -> bool {
        bool good = true;
        if (reason_.line > 0) {
            report_({file_.name, reason_.line}, "not read: " + reason_.text + lost_names());
        }
        for (ShellToken const& token : pending_) {
            if (reason_.line > 0) {
                variables_.forget(token.name, "it is set where a shell would have to decide (" + place() + ")",
                                  {file_.name, token.line}, true);
            } else {
                good = good && assign(token);
            }
        }
        pending_.clear();
        reason_ = {};
        here_ = {};
        command_ = true;
        exported_ = opened_ = declares_ = false;
        return good;
    }

    [[nodiscard]] auto place() const -> std::string { return "line " + std::to_string(reason_.line); }

    [[nodiscard]] auto lost_names() const -> std::string {
        constexpr std::size_t most = 5;
        std::string text;
        for (std::size_t i = 0; i < pending_.size() && i < most; ++i) {
            text += (i == 0 ? "; it would set " : ", ") + std::string{pending_[i].name};
        }
        return text + (pending_.size() > most ? " and more" : "");
    }

    auto assign(ShellToken const& token) -> bool {
        Place const at{file_.name, token.line};
        std::string text;
        for (ShellPart const& part : token.parts) {
            if (part.kind == ShellPart::Kind::text) {
                text += part.text;
            } else if (auto why = part.kind == ShellPart::Kind::shell
                                      ? std::string{"only a shell can work out "} + shortened(part.text)
                                      : expand(part.text, text);
                       !why.empty()) {
                variables_.forget(token.name, std::move(why), at, false);
                return true;
            }
            if (text.size() > ShellVariables::longest_text) {
                variables_.forget(token.name, "it is longer than 64 KiB", at, false);
                return true;
            }
        }
        if (variables_.assign(token.name, std::move(text), at)) {
            return true;
        }
        report_(at, "the values take too much memory: the rest of the file is not read");
        return false;
    }

    // Why the variable has no value; empty: it was added to `text`.
    auto expand(std::string const& name, std::string& text) -> std::string {
        ShellVariable* const variable = variables_.find(name);
        if (variable == nullptr) {
            return '$' + name + " is not set in these files";
        }
        variable->used = true;
        if (!variable->known) {
            return '$' + name + " is not known: " + variable->why;
        }
        text += variable->text;
        return {};
    }

    ShellVariables& variables_;
    FileText const& file_;
    ShellVariables::Report const& report_;
    ShellLexer lexer_;
    std::vector<ShellToken> pending_;     // assignments since the last end
    std::vector<std::string_view> open_;  // what must still follow, the innermost last
    Reason reason_;                       // why it is no data
    std::string_view here_;
    bool command_ = true;  // the next word may be one
    bool exported_ = false;
    bool opened_ = false, declares_ = false;  // just behind ( and ()
};

}  // namespace

void ShellVariables::read(FileText const& file, Report const& report) {
    StatementReader{*this, file, report}.run();
}

auto ShellVariables::find(std::string_view name) -> ShellVariable* {
    auto const found = index_.find(std::string{name});
    return found != index_.end() ? found->second : nullptr;
}

auto ShellVariables::variable(std::string_view name) -> ShellVariable& {
    auto const [entry, fresh] = index_.try_emplace(std::string{name}, nullptr);
    if (fresh) {
        ShellVariable& added = variables_.emplace_back();
        added.name = name;
        entry->second = &added;
    }
    return *entry->second;
}

auto ShellVariables::assign(std::string_view name, std::string text, Place at) -> bool {
    bytes_ += name.size() + text.size();
    if (bytes_ > most_bytes) {
        return false;
    }
    ShellVariable& entry = variable(name);
    entry.text = std::move(text);
    entry.known = true;
    entry.why.clear();
    entry.at = std::move(at);
    return true;
}

void ShellVariables::forget(std::string_view name, std::string why, Place at, bool told) {
    constexpr std::size_t longest_reason = 300;  // each names the one before
    why.resize(std::min(why.size(), longest_reason));
    ShellVariable& entry = variable(name);
    entry.text.clear();
    entry.known = false;
    entry.why = std::move(why);
    entry.told = told;
    entry.at = std::move(at);
}

}  // namespace apiary::config
