#include "config/vmstated/machines.hpp"

#include <map>
#include <optional>
#include <utility>

#include "config/parser.hpp"
#include "config/text.hpp"
#include "config/ucl/values.hpp"

namespace apiary::config::vmstated {
namespace {

using ucl::Document;
using ucl::Node;
using ucl::NodeKind;
using ucl::Quoting;

constexpr unsigned most_consoles = 4;

class Builder {
public:
    Builder(Document const& document, Home const& home)
        : document_{document},
          home_{home},
          values_{document, out_.tree, [this](Position at, std::string text) { report(at, std::move(text)); }} {}

    auto run() -> ReadSyntax {
        document_.all([&](std::size_t index) { machine(index); });
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

    // vmstated compares names without case by making them small; the name of a VM is one too.
    void machine(std::size_t index) {
        Node const& node = document_.node(index);
        if (node.kind != NodeKind::object) {
            report(node, "a VM is needed here: NAME { KEY = VALUE }");
            return;
        }
        if (equal_fold(document_.key(node), "vmstated")) {
            return;  // of the program itself: which numbers it may give to taps and terminals
        }
        Section section;
        section.kind = Section::Kind::vm;
        section.at = section.name_at = document_.place(node);
        section.name = out_.tree.decoded.emplace_back(lower(document_.key(node)));
        file_variables(section, node);
        add(section, node, "backend", constant(node, "bhyve"));
        owner_ = group_ = nullptr;
        bool scriptpath = false;
        document_.children(index, [&](std::size_t child) {
            member(section, child);
            scriptpath = scriptpath || equal_fold(document_.key(document_.node(child)), "scriptpath");
        });
        owner(section);
        if (!scriptpath && home_.scripts) {
            add(section, node, "scriptpath", constant(node, home_.folder));
        }
        out_.tree.sections.push_back(std::move(section));
    }

    // libucl's own, which are there without being set.
    void file_variables(Section& section, Node const& node) {
        if (document_.text().find("CURDIR") != std::string_view::npos) {
            add(section, node, "CURDIR", constant(node, home_.folder));
            section.body.back().kind = Statement::Kind::variable;
        }
        if (document_.text().find("FILENAME") != std::string_view::npos) {
            add(section, node, "FILENAME", constant(node, home_.folder + "/config"));
            section.body.back().kind = Statement::Kind::variable;
        }
    }

    void member(Section& section, std::size_t index) {
        Node const& node = document_.node(index);
        auto const key = lower(document_.key(node));
        if (key == "consoles") {
            consoles(section, index);
            return;
        }
        if (node.kind == NodeKind::array) {
            list(section, index, key);
            return;
        }
        if (node.kind != NodeKind::scalar) {
            add(section, node, document_.key(node),
                constant(node, {}));  // for the resolver to say that it knows no such key
        } else if (key == "owner") {
            owner_ = &node;
        } else if (key == "group") {
            group_ = &node;
        } else if (key == "autostart") {
            flag(section, node, "boot");
        } else if (key == "wire_memory") {
            flag(section, node, "wired_memory");
        } else if (key == "generate_acpi_tables") {
            flag(section, node, "acpi_tables");
        } else if (key == "vmexit_on_halt") {
            flag(section, node, "vmexit_on_halt");
        } else if (key == "numcpus") {
            add(section, node, "cpus", values_.value(node));
        } else if (key == "memory") {
            memory(section, node);
        } else if (key == "hostbridge") {
            bool const amd = equal_fold(document_.raw(node), "amd");
            add(section, node, "hostbridge", constant(node, amd ? "amd" : "standard"));
        } else {
            add(section, node, document_.key(node), values_.value(node));
        }
    }

    // None of vmstated's own keys; those of ours may have several values.
    void list(Section& section, std::size_t index, std::string const& key) {
        Statement statement;
        Node const& node = document_.node(index);
        statement.at = document_.place(node);
        statement.name = out_.tree.decoded.emplace_back(key);
        document_.children(index, [&](std::size_t element) {
            Node const& value = document_.node(element);
            if (value.kind == NodeKind::scalar) {
                statement.values.push_back(values_.value(value));
            } else {
                report(value, "a value is needed here");
            }
        });
        if (!statement.values.empty()) {
            section.body.push_back(std::move(statement));
        }
    }

    auto constant(Node const& node, std::string text) -> Value { return values_.constant(node, std::move(text)); }

    void add(Section& section, Node const& node, std::string_view key, Value value) {
        Statement statement;
        statement.at = document_.place(node);
        statement.name = key;
        statement.values.push_back(std::move(value));
        section.body.push_back(std::move(statement));
    }

    // The words that libucl takes for a boolean, and numbers, as vmstated does.
    auto truth(Node const& node) -> std::optional<bool> {
        auto const text = values_.plain(node);
        for (char const* word : {"true", "yes", "on", "1"}) {
            if (equal_fold(text, word)) {
                return true;
            }
        }
        for (char const* word : {"false", "no", "off", "0"}) {
            if (equal_fold(text, word)) {
                return false;
            }
        }
        return std::nullopt;
    }

    void flag(Section& section, Node const& node, std::string_view key) {
        auto const on = truth(node);
        add(section, node, key, on ? constant(node, *on ? "yes" : "no") : values_.value(node));
    }

    // A number of megabytes. Whoever writes a unit means it.
    void memory(Section& section, Node const& node) {
        auto const text = values_.plain(node);
        add(section, node, "memory", parse_unsigned(text) ? constant(node, text + "M") : values_.value(node));
    }

    // Two keys there, one here: USER:GROUP.
    void owner(Section& section) {
        if (owner_ == nullptr && group_ == nullptr) {
            return;
        }
        Value value;
        if (owner_ != nullptr) {
            value = values_.value(*owner_);
        } else {
            value.at = document_.value_place(*group_);
            Piece& piece = value.pieces.emplace_back();
            piece.kind = Piece::Kind::variable;
            piece.at = value.at;
            piece.text = "OWNER";
        }
        if (group_ != nullptr) {
            Value group = constant(*group_, ":");
            for (Piece& piece : group.pieces) {
                value.pieces.push_back(std::move(piece));
            }
            group = values_.value(*group_);
            for (Piece& piece : group.pieces) {
                value.pieces.push_back(std::move(piece));
            }
        }
        add(section, owner_ != nullptr ? *owner_ : *group_, "owner", std::move(value));
    }

    // consoles { NAME { backend = /dev/nmdm0A } }: the first four that are enabled are serial ports.
    void consoles(Section& section, std::size_t index) {
        if (document_.node(index).kind != NodeKind::object) {
            report(document_.node(index), "consoles are needed here: consoles { NAME { backend = DEVICE } }");
            return;
        }
        unsigned port = 0;
        document_.children(index, [&](std::size_t child) { console(section, child, port); });
    }

    void console(Section& section, std::size_t index, unsigned& port) {
        Node const& node = document_.node(index);
        if (node.kind != NodeKind::object) {
            report(node, "a console is needed here: NAME { backend = DEVICE }");
            return;
        }
        bool enabled = true;
        Node const* backend = nullptr;
        document_.children(index, [&](std::size_t child) {
            Node const& value = document_.node(child);
            auto const key = lower(document_.key(value));
            if (value.kind != NodeKind::scalar || (key != "name" && key != "enabled" && key != "backend")) {
                report(value, "unknown key of a console; there are name, enabled and backend");
            } else if (key == "backend") {
                backend = &value;
            } else if (key == "enabled") {
                auto const on = truth(value);
                enabled = on.value_or(true);
                if (!on) {
                    report(value, "yes or no is needed");
                }
            }
        });
        if (!enabled) {
            return;
        }
        if (backend == nullptr) {
            report(node, "this console has no backend, such as backend = /dev/nmdm0A");
        } else if (port == most_consoles) {
            report(node, "a VM has " + std::to_string(most_consoles) + " consoles at most");
        } else {
            auto const& name = out_.tree.decoded.emplace_back("com" + std::to_string(++port));
            add(section, *backend, name, values_.value(*backend));
        }
    }

    Document const& document_;
    Home const& home_;
    ReadSyntax out_;
    ucl::Values values_;
    Node const* owner_ = nullptr;
    Node const* group_ = nullptr;
};

}  // namespace

auto machines(Document const& document, Home const& home) -> ReadSyntax {
    return Builder{document, home}.run();
}

}  // namespace apiary::config::vmstated
