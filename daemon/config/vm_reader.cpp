// Statements in the order in which they stand: variables, keys, templates.
#include "config/vm_reader.hpp"

#include <utility>

#include "config/text.hpp"
#include "config/value_type.hpp"

namespace apiary::config {

namespace {

constexpr unsigned deepest_templates = 1000;

void assign(Text& to, TextView const& from) {
    to.text = from.text;
    to.from = from.from;
}

}  // namespace

void VmReader::begin(SourceFile const& file, Section const& section) {
    ++number_;
    file_ = context_.subject = &file;
    budget_ = &context_.budget(file);
    local_.clear();
    Draft& draft = draft_.emplace(entries_);
    draft.section_name = section.name;
    draft.section = {&file, section.at, {}};
    draft.name = {&file, section.name_at, {}};
    Definition& vm = draft.vm;
    vm.name = section.name;
    vm.origin = {context_.place(file, {}), section.at.line, section.at.column};
    vm.file_owner = vm.owner = file.text->owner;
    vm.backend = context_.options.default_backend;
    auto const user = context_.accounts.user(vm.owner);
    vm.owner_name = user ? user->name : std::to_string(vm.owner);
}

auto VmReader::read(SourceFile const& file, Section const& section, unsigned id) -> Draft& {
    begin(file, section);
    if (auto fault = name_fault(section.name)) {
        error(draft_->name, "name", "the name " + quoted_text(section.name) + " is not allowed: " + *fault);
        draft_->dropped = true;
        return *draft_;
    }
    predefine(id);
    body(section.body, {&file, {}, nullptr, 0});
    if (budget_->exhausted()) {
        context_.report_exhausted(draft_->section, draft_->vm.name);
        draft_->dropped = true;
    }
    return *draft_;
}

// NAME and ID are safe in any value: the one was checked, the other counted. Who owns the file is not ours to trust.
void VmReader::predefine(unsigned id) {
    local_["NAME"] = {draft_->vm.name, {}};
    local_["ID"] = {std::to_string(id), {}};
    local_["OWNER"] = {draft_->vm.owner_name, file_->from};
    local_["GROUP"] = {{}, file_->from};
}

void VmReader::sync_predefined(std::string_view key) {
    if (key == "name") {
        local_["NAME"] = {draft_->vm.name, {}};
    } else if (key == "owner") {
        local_["OWNER"] = {draft_->vm.owner_name, file_->from};
        local_["GROUP"] = {draft_->vm.group_name, file_->from};
    }
}

void VmReader::error(Mark const& mark, std::string_view key, std::string message) {
    context_.report(mark, Severity::error, draft_->section_name, key, std::move(message));
}

auto VmReader::value_of(Value const& value, Place const& place, Provenance const& written) -> std::optional<TextView> {
    Scope const scope{place.arguments, &local_, &context_.global};
    auto const report = [&](Position at, std::string message) {
        error({place.file, at, place.through}, {}, std::move(message));
    };
    return evaluate(value, scope, written, *budget_, report, room_);
}

void VmReader::body(std::vector<Statement> const& statements, Place const& place) {
    for (Statement const& statement : statements) {
        if (!budget_->spend(1, 0)) {
            return;
        }
        switch (statement.kind) {
            case Statement::Kind::variable:
                set_variable(statement, place);
                break;
            case Statement::Kind::key:
                set_key(statement, place);
                break;
            case Statement::Kind::apply:
                for (ApplyTarget const& target : statement.targets) {
                    apply(target, place);
                }
                break;
        }
    }
}

// Only the first value of a list counts.
void VmReader::set_variable(Statement const& statement, Place const& place) {
    auto text = value_of(statement.values.front(), place, place.file->from);
    if (!text) {
        return;
    }
    if (statement.append) {
        context_.report({place.file, statement.at, place.through}, Severity::warning, draft_->section_name, {},
                        "a variable holds one text: += does the same as =");
    }
    if (place.arguments != nullptr) {
        place.arguments->erase(statement.name);
    }
    assign(local_[statement.name], *text);
}

void VmReader::set_key(Statement const& statement, Place const& place) {
    Mark const mark{place.file, statement.at, place.through};
    KeySpec const* const key = context_.keys.find(statement.name);
    if (key == nullptr) {
        std::string const guess =
            context_.listens(*place.file) ? did_you_mean(statement.name, context_.keys.names()) : std::string{};
        error(mark, {}, "unknown key " + quoted_text(statement.name) + guess);
        context_.unknown_keys = true;
        return;
    }
    if (!key->list && (statement.append || statement.values.size() > 1)) {
        error(mark, key->name,
              statement.repeated ? "this key takes one value, and it is set more than once here"
              : statement.append ? "this key takes one value: '=' is needed in place of '+='"
                                 : "this key takes one value, not a list");
        return;
    }
    if (key->list && !statement.append) {
        if (key->clear != nullptr) {
            key->clear(*draft_);
        }
        std::erase_if(draft_->entries, [&](Entry const& entry) { return entry.key == key; });
    }
    for (Value const& value : statement.values) {
        if (auto const text = value_of(value, place, place.file->from)) {
            set_value(*key, *text, {place.file, value.pieces.empty() ? statement.at : value.at, place.through});
        }
    }
}

void VmReader::set_value(KeySpec const& key, TextView const& text, Mark const& mark) {
    if (auto const fault = trust_fault(key, text.from)) {
        error(mark, key.name, *fault);
        return;
    }
    Assignment a{key, text.text, text.from, context_.accounts, *context_.options.host, context_.options.trusted_uid};
    auto fault = type_fault(a);
    if (!fault && key.set != nullptr) {
        fault = key.set(*draft_, a);
    }
    if (fault) {
        error(mark, key.name, "invalid value " + (key.secret ? "(not shown)" : quoted_text(text.text)) + ": " + *fault);
        return;
    }
    if (!a.warning.empty()) {
        context_.report(mark, Severity::warning, draft_->section_name, key.name, std::move(a.warning));
    }
    record(key, text.text, mark);
    if (key.name == "name") {
        draft_->name = mark;
    }
    sync_predefined(key.name);
}

void VmReader::record(KeySpec const& key, std::string_view text, Mark const& mark) {
    for (Entry& entry : draft_->entries) {
        if (entry.key == &key) {
            if (!key.list) {
                entry.values.clear();
                entry.marks.clear();
            }
            entry.values.emplace_back(text);
            entry.marks.push_back(mark);
            return;
        }
    }
    Entry& entry = draft_->entries.emplace_back();
    entry.key = &key;
    entry.values.emplace_back(text);
    entry.marks.push_back(mark);
}

// Each template at most once for a VM: that also ends a circle.
void VmReader::apply(ApplyTarget const& target, Place const& place) {
    Mark const mark{place.file, target.name.at, place.through};
    auto const name = value_of(target.name, place, place.file->from);
    if (!name) {
        return;
    }
    Template* const found = context_.find_template(*file_, name->text);
    if (found == nullptr) {
        std::string const guess =
            context_.listens(*place.file) ? did_you_mean(name->text, context_.template_names(*file_)) : std::string{};
        error(mark, {}, "unknown template " + quoted_text(name->text) + guess);
        return;
    }
    if (found->applied_to == number_) {
        error(mark, {}, "the template " + quoted_text(name->text) + " is already applied to this VM");
        return;
    }
    if (place.depth >= deepest_templates) {
        error(mark, {}, "templates are nested more than " + std::to_string(deepest_templates) + " deep");
        return;
    }
    found->applied_to = number_;
    Variables& arguments = arguments_for(*found, target, place);
    body(found->section->body, {found->file, found->section->name, &arguments, place.depth + 1});
}

// A default is worked out in the scope of who applies the template, but it is the word of who wrote it.
auto VmReader::arguments_for(Template const& found, ApplyTarget const& target, Place const& place) -> Variables& {
    if (place.depth == arguments_.size()) {
        arguments_.emplace_back();
    }
    Variables& arguments = arguments_[place.depth];
    arguments.clear();
    if (!budget_->spend(found.section->parameters.size(), 0)) {
        return arguments;
    }
    std::size_t index = 0;
    for (Parameter const& parameter : found.section->parameters) {
        Value const* given = index < target.arguments.size() ? &target.arguments[index] : nullptr;
        ++index;
        std::optional<TextView> text;
        if (given != nullptr && !given->pieces.empty()) {
            text = value_of(*given, place, place.file->from);
        } else if (parameter.has_default) {
            Place const written{found.file, found.section->name, place.arguments, place.depth};
            text = value_of(parameter.default_value, written, found.file->from);
        }
        assign(arguments[parameter.name], text.value_or(TextView{}));
    }
    return arguments;
}

}  // namespace apiary::config
