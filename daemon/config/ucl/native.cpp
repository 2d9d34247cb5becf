#include "config/ucl/native.hpp"

#include <set>
#include <string>
#include <utility>

#include "config/parser.hpp"
#include "config/text.hpp"
#include "config/ucl/values.hpp"

namespace apiary::config::ucl {
namespace {

constexpr auto section_words = "vm NAME { }, template NAME { }, global { } or include = [ ]";

class Builder {
public:
    explicit Builder(Document const& document)
        : document_{document},
          values_{document, out_.tree, [this](Position at, std::string text) { report(at, std::move(text)); }} {}

    auto run() -> ReadSyntax {
        document_.all([&](std::size_t index) { top_level(index); });
        return std::move(out_);
    }

private:
    void report(Position at, std::string text) {
        out_.tree.failed = true;
        if (out_.errors.size() < most_syntax_errors) {
            out_.errors.emplace_back(at, std::move(text));
        }
    }
    void report(Node const& node, std::string text) { report(document_.place(node), std::move(text)); }

    void top_level(std::size_t index) {
        Node const& node = document_.node(index);
        auto const word = document_.key(node);
        if (equal_fold(word, "vm")) {
            named(index, Section::Kind::vm);
        } else if (equal_fold(word, "template")) {
            named(index, Section::Kind::template_);
        } else if (equal_fold(word, "global")) {
            section(index, Section::Kind::global, node);
        } else if (equal_fold(word, "include")) {
            scalars(index, [&](Node const& path) {
                out_.tree.includes.push_back({document_.place(node), value(path), out_.tree.sections.size()});
            });
        } else {
            report(node, "unknown section " + quoted_text(word) + did_you_mean(word, {"vm", "template", "global"}) +
                             "; there are " + section_words);
        }
    }

    // vm NAME { }, also several in one: vm { A { } B { } }
    void named(std::size_t index, Section::Kind kind) {
        Node const& word = document_.node(index);
        if (word.kind != NodeKind::object) {
            report(word, "a name and a section are needed: " + std::string{document_.key(word)} + " NAME { }");
            return;
        }
        document_.children(index, [&](std::size_t child) { section(child, kind, word); });
    }

    void section(std::size_t index, Section::Kind kind, Node const& word) {
        Node const& node = document_.node(index);
        if (node.kind != NodeKind::object) {
            report(node, "a section is needed here: " + std::string{document_.key(node)} + " { }");
            return;
        }
        Section section;
        section.kind = kind;
        section.at = document_.place(word);
        section.name = kind == Section::Kind::global ? std::string_view{} : document_.key(node);
        section.name_at = document_.place(node);
        std::set<std::string> seen;
        document_.children(index, [&](std::size_t child) { member(section, child, seen); });
        out_.tree.sections.push_back(std::move(section));
    }

    void member(Section& section, std::size_t index, std::set<std::string>& seen) {
        Node const& node = document_.node(index);
        auto const word = lower(document_.key(node));
        if (word == "vars") {
            members(index, "a variable", [&](std::size_t child) { variable(section, child); });
        } else if (word == "append") {
            members(index, "a key", [&](std::size_t child) { key(section, child, true, false); });
        } else if (word == "apply") {
            apply(section, index);
        } else if (word == "arguments" && section.kind == Section::Kind::template_) {
            elements(index, [&](std::size_t element) { parameter(section, element); });
        } else if (word == "include") {
            report(node, "include stands outside of all sections");
        } else {
            bool const again = !seen.insert(word).second;
            key(section, index, again, again);
        }
    }

    template <typename Visit>
    void members(std::size_t index, std::string const& what, Visit const& visit) {
        Node const& node = document_.node(index);
        if (node.kind != NodeKind::object) {
            report(node, "a section is needed here: " + std::string{document_.key(node)} +
                             " { NAME = value }, where NAME is " + what);
            return;
        }
        document_.children(index, visit);
    }

    // A value alone is a list of one.
    template <typename Visit>
    void elements(std::size_t index, Visit const& visit) {
        if (document_.node(index).kind == NodeKind::array) {
            document_.children(index, visit);
        } else {
            visit(index);
        }
    }

    template <typename Visit>
    void scalars(std::size_t index, Visit const& visit) {
        elements(index, [&](std::size_t element) {
            Node const& node = document_.node(element);
            if (node.kind == NodeKind::scalar) {
                visit(node);
            } else {
                report(node, "a value, or a list of values, is needed here");
            }
        });
    }

    auto value(Node const& node) -> Value {
        auto const raw = document_.raw(node);
        if (node.quoting == Quoting::bare && raw.starts_with("+=")) {
            report(document_.value_place(node), "there is no += in UCL: append { " + std::string{document_.key(node)} +
                                                    " = [ ] } adds to a list, and a repeated key does");
        }
        return values_.value(node);
    }

    void key(Section& section, std::size_t index, bool append, bool repeated) {
        Node const& node = document_.node(index);
        Statement statement;
        statement.append = append;
        statement.repeated = repeated;
        statement.at = document_.place(node);
        statement.name = document_.key(node);
        scalars(index, [&](Node const& scalar) { statement.values.push_back(value(scalar)); });
        if (statement.values.empty()) {
            report(node, "an empty list, or a section, cannot be the value of a key");
            return;
        }
        section.body.push_back(std::move(statement));
    }

    void variable(Section& section, std::size_t index) {
        Node const& node = document_.node(index);
        if (node.kind != NodeKind::scalar) {
            report(node, "a variable holds one text");
            return;
        }
        Statement statement;
        statement.kind = Statement::Kind::variable;
        statement.at = document_.place(node);
        statement.name = document_.key(node);
        statement.values.push_back(value(node));
        section.body.push_back(std::move(statement));
    }

    void apply(Section& section, std::size_t index) {
        Statement statement;
        statement.kind = Statement::Kind::apply;
        statement.at = document_.place(document_.node(index));
        statement.name = document_.key(document_.node(index));
        elements(index, [&](std::size_t element) { target(statement, element); });
        if (!statement.targets.empty()) {
            section.body.push_back(std::move(statement));
        }
    }

    // NAME, "NAME(VALUE, …)" or { NAME = [VALUE, …] }
    void target(Statement& statement, std::size_t index) {
        Node const& node = document_.node(index);
        if (node.kind == NodeKind::array) {
            report(node, "a list within a list: { NAME = [VALUE, VALUE] } gives arguments to a template");
        } else if (node.kind == NodeKind::scalar) {
            if (ApplyTarget target; values_.target(node, target)) {
                statement.targets.push_back(std::move(target));
            }
        } else {
            document_.children(index, [&](std::size_t child) {
                Node const& name = document_.node(child);
                ApplyTarget target;
                target.name.at = document_.place(name);
                Piece& piece = target.name.pieces.emplace_back();
                piece.at = target.name.at;
                piece.text = document_.key(name);
                scalars(child, [&](Node const& scalar) { target.arguments.push_back(value(scalar)); });
                statement.targets.push_back(std::move(target));
            });
        }
    }

    // NAME, "NAME=DEFAULT" or { NAME = DEFAULT }
    void parameter(Section& section, std::size_t index) {
        Node const& node = document_.node(index);
        if (node.kind == NodeKind::object) {
            document_.children(index, [&](std::size_t child) {
                Node const& argument = document_.node(child);
                if (argument.kind != NodeKind::scalar) {
                    report(argument, "a default is one text");
                    return;
                }
                section.parameters.push_back({document_.key(argument), true, value(argument)});
            });
            return;
        }
        if (node.kind != NodeKind::scalar) {
            report(node, "names of arguments are needed here: [NAME, { NAME = DEFAULT }]");
            return;
        }
        auto const name = document_.raw(node);
        if (name.empty() || name.find_first_of("=$\\ ") != std::string_view::npos) {
            report(document_.value_place(node),
                   "the name of an argument is needed here; { NAME = DEFAULT } gives it a default");
            return;
        }
        section.parameters.push_back({name, false, {}});
    }

    Document const& document_;
    ReadSyntax out_;
    Values values_;
};

}  // namespace

auto native_tree(Document const& document) -> ReadSyntax {
    return Builder{document}.run();
}

}  // namespace apiary::config::ucl
