// The document that apiary-config prints: what is told of a configuration, as JSON.
#include <algorithm>

#include "config/describe.hpp"
#include "main/config_program.hpp"
#include "main/config_program_json.hpp"

namespace apiary {

namespace {

void write_origins(JsonText& json, std::vector<Origin> const& origins) {
    json.open('[');
    for (Origin const& origin : origins) {
        json.open('{');
        json.key("file");
        json.text(origin.file());
        json.key("line");
        json.number(origin.line);
        json.key("column");
        json.number(origin.column);
        json.key("template");
        origin.through().empty() ? json.null() : json.text(origin.through());
        json.close('}');
    }
    json.close(']');
}

void write_texts(JsonText& json, std::vector<std::string> const& texts) {
    json.open('[');
    for (std::string const& text : texts) {
        json.text(text);
    }
    json.close(']');
}

void write_vm(JsonText& json, std::vector<config::DescribedKey> const& keys, Origin const& section) {
    json.line();
    json.open('{');
    for (auto const& key : keys) {
        json.key(key.key);
        key.secret&& key.value.is_null() ? json.text("set") : json.neutral(key.value);
    }
    json.key("origins");
    json.open('{');
    for (auto const& key : keys) {
        if (!key.origins.empty()) {
            json.key(key.key);
            write_origins(json, key.origins);
        }
    }
    json.close('}');
    json.key("section");
    write_origins(json, {section});
    // The same values as a configuration would have them.
    json.key("texts");
    json.open('{');
    for (auto const& key : keys) {
        if (!key.derived && !key.texts.empty()) {
            json.key(key.key);
            write_texts(json, key.texts);
        }
    }
    json.close('}');
    json.key("secret");
    json.open('[');
    for (auto const& key : keys) {
        if (key.secret) {
            json.text(key.key);
        }
    }
    json.close(']');
    json.close('}');
}

void write_diagnostic(JsonText& json, config::Diagnostic const& diagnostic) {
    json.line();
    json.open('{');
    json.key("file");
    json.text(diagnostic.file);
    json.key("line");
    diagnostic.line == 0 ? json.null() : json.number(diagnostic.line);
    json.key("column");
    diagnostic.column == 0 ? json.null() : json.number(diagnostic.column);
    json.key("severity");
    json.text(diagnostic.severity == config::Severity::error ? "error" : "warning");
    json.key("vm");
    diagnostic.vm.empty() ? json.null() : json.text(diagnostic.vm);
    json.key("key");
    diagnostic.key.empty() ? json.null() : json.text(diagnostic.key);
    json.key("message");
    json.text(diagnostic.message);
    json.key("text");
    json.text(config::format(diagnostic));
    json.close('}');
}

}  // namespace

auto document(config::LoadResult const& result, ConfigRequest const& request) -> std::string {
    JsonText json;
    json.open('{');
    json.key("load");
    json.text(result.ok ? "ok" : "fail");
    json.line();
    json.key("vm_count");
    json.number(static_cast<std::int64_t>(result.definitions.size()));
    if (request.kind == ConfigRequest::Kind::show) {
        json.line();
        json.key("vms");
        json.open('[');
        for (std::size_t i = 0; i < result.definitions.size(); ++i) {
            auto const& vm = *result.definitions[i];
            auto const id = i < result.ids.size() ? std::optional{result.ids[i]} : std::nullopt;
            write_vm(json, config::describe(vm, {.id = id, .secrets = request.secrets}), vm.origin);
        }
        json.close(']');
        json.line();
        json.key("globals");
        json.open('{');
        for (auto const& key : config::describe(result.globals)) {
            json.key(key.key);
            json.neutral(key.value);
        }
        json.close('}');
    }
    json.line();
    json.key("files");
    json.open('[');
    for (auto const& file : result.files) {
        json.text(file.name);
    }
    json.close(']');
    json.line();
    json.key("errors");
    json.open('[');
    for (auto const& diagnostic : result.diagnostics) {
        write_diagnostic(json, diagnostic);
    }
    json.close(']');
    json.close('}');
    return json.take() + "\n";
}

}  // namespace apiary
