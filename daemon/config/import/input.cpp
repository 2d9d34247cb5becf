// Reading for an import. The daemon's rules for files hold, but the calling user's group may write his: nothing that is
// read here is believed before somebody has looked it through.
#include "config/import/input.hpp"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>
#include <variant>

namespace apiary::config {

namespace {

constexpr auto nobody_in_particular = static_cast<uid_t>(-1);
constexpr std::size_t most_names = 100'000;

auto wanted(FileLooks const& /*looks*/) -> bool {
    return true;
}

// CRLF to LF. True: there was one.
auto unify_line_ends(std::string& text) -> bool {
    std::size_t out = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '\r' || i + 1 == text.size() || text[i + 1] != '\n') {
            text[out++] = text[i];
        }
    }
    bool const changed = out < text.size();
    text.resize(out);
    return changed;
}

}  // namespace

Input::Input(Sheet& sheet, ImportOptions const& options)
    : sheet_{sheet},
      own_{options.load.files == nullptr ? system_files(nobody_in_particular) : nullptr},
      opener_{own_ ? *own_ : *options.load.files} {}

auto Input::read(std::string const& path) -> FileText const* {
    auto answer = opener_.read(path, {}, wanted);
    if (auto* const text = std::get_if<FileText>(&answer)) {
        return take(path, std::move(*text));
    }
    auto* const refusal = std::get_if<FileRefusal>(&answer);
    sheet_.error({path}, refusal != nullptr ? std::move(refusal->message) : "cannot read this file");
    return nullptr;
}

auto Input::read_if_there(std::string const& path) -> FileText const* {
    auto answer = opener_.read(path, {}, wanted);
    if (auto* const text = std::get_if<FileText>(&answer)) {
        return take(path, std::move(*text));
    }
    auto* const refusal = std::get_if<FileRefusal>(&answer);
    if (refusal != nullptr && !refusal->missing) {
        sheet_.error({path}, std::move(refusal->message));
    }
    return nullptr;
}

auto Input::take(std::string const& path, FileText text) -> FileText const* {
    bytes_ += text.text.size();
    if (bytes_ > most_bytes) {
        sheet_.error({path}, "these files are too much for one import: import parts of them");
        return nullptr;
    }
    if (auto const nul = text.text.find('\0'); nul != std::string::npos) {
        auto const line = 1 + std::count(text.text.begin(), text.text.begin() + static_cast<std::ptrdiff_t>(nul), '\n');
        sheet_.error({path, static_cast<unsigned>(line)}, "this is no text: there is a NUL byte in it");
        return nullptr;
    }
    if (unify_line_ends(text.text)) {
        sheet_.note({path}, {}, "its lines end with CRLF: read as if they ended with a newline alone");
    }
    constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
    if (text.text.starts_with(byte_order_mark)) {
        text.text.erase(0, byte_order_mark.size());
    }
    text.name = path;
    sheet_.sources.push_back(path);
    return &files_.emplace_back(std::move(text));
}

auto Input::list(std::string const& folder) -> std::optional<std::vector<std::string>> {
    auto answer = opener_.list(folder, {}, most_names);
    auto* const listing = std::get_if<Files::Listing>(&answer);
    if (listing == nullptr) {
        return std::nullopt;
    }
    if (!listing->complete) {
        sheet_.error({folder}, "there are more than " + std::to_string(most_names) + " names in this folder");
    }
    std::sort(listing->names.begin(), listing->names.end());
    return std::move(listing->names);
}

auto full_path(std::string const& path) -> std::string {
    std::error_code ignored;
    auto full = std::filesystem::absolute(path, ignored).lexically_normal();
    if (full.has_relative_path() && !full.has_filename()) {
        full = full.parent_path();
    }
    return full.string();
}

}  // namespace apiary::config
