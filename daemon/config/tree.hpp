// What a file says, before anything is worked out: sections, statements and values with their positions. Neutral: other
// languages than bmd's can be read into the same tree.
#pragma once

#include <cstddef>
#include <list>
#include <string>
#include <string_view>
#include <vector>

#include "config/token.hpp"
#include "vm/few.hpp"

namespace apiary::config {

// One step of an arithmetic expression, in postfix order.
struct ArithmeticStep {
    enum class Kind { number, variable, negate, plus, minus, times, divide, modulo };
    Kind kind = Kind::number;
    bool negative = false;  // number: a minus sign stands before it
    Position at;
    std::string_view text;  // number: its digits; variable: its name
};

struct Piece {
    enum class Kind { text, variable, arithmetic };
    Kind kind = Kind::text;
    Position at;
    std::string_view text;              // text, or the variable's name
    std::vector<ArithmeticStep> steps;  // arithmetic
};

// Pieces are joined without anything between them. No piece at all is a value too: the empty one.
struct Value {
    Position at;
    Few<Piece> pieces;
};

struct ApplyTarget {
    Value name;
    Few<Value> arguments;
};

struct Statement {
    enum class Kind { key, variable, apply };
    Kind kind = Kind::key;
    bool append = false;    // += instead of =
    bool repeated = false;  // UCL: the key stands in the section already, which makes a list of it (append is set too)
    Position at;
    std::string_view name;             // of the key or variable
    Few<Value> values;                 // at least one
    std::vector<ApplyTarget> targets;  // apply
};

struct Parameter {
    std::string_view name;
    bool has_default = false;
    Value default_value;
};

struct Section {
    enum class Kind { global, vm, template_ };
    Kind kind = Kind::vm;
    Position at;            // of the word that opens it
    std::string_view name;  // not for global
    Position name_at;
    std::vector<Parameter> parameters;  // template
    std::vector<Statement> body;
};

// Another file to be read after this one. It is worked out before anything else is, hence sees only the variables of
// `global` sections before it.
struct Include {
    Position at;  // of the word .include
    Value path;   // may be a pattern
    std::size_t sections_before = 0;
};

// Texts point into the source, or into `decoded`: the source must live as long as the tree.
struct Tree {
    std::vector<Section> sections;
    std::vector<Include> includes;
    std::list<std::string> decoded;
    bool failed = false;  // there were errors: nothing of it may be used
};

}  // namespace apiary::config
