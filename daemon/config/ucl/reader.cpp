#include "config/ucl/reader.hpp"

#include <unistd.h>

#include <utility>
#include <variant>

#include "config/ucl/conversation.hpp"
#include "config/ucl/decode.hpp"
#include "config/ucl/native.hpp"
#include "config/ucl/stream.hpp"

namespace apiary::config::ucl {
namespace {

// Texts of root are nobody's to read: the child gets what it reads over its socket, and needs no rights.
constexpr uid_t nobody = 65534;

auto missing_program(std::string const& path) -> std::string {
    return "this file is UCL, and the program that reads it is not there (" + path +
           "): Apiary was built without libucl. Debian: run tools/setup and build again; FreeBSD: pkg install libucl";
}

// libucl takes a byte order mark for a part of the first name.
auto without_mark(std::string_view text, std::string& copy) -> std::string_view {
    constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
    if (!text.starts_with(byte_order_mark)) {
        return text;
    }
    copy = std::string(byte_order_mark.size(), ' ') + std::string{text.substr(byte_order_mark.size())};
    return copy;
}

class Batch {
public:
    Batch(ReaderOptions const& options, uid_t owner, std::vector<FileText const*> const& files)
        : options_{options}, files_{files}, parsed_(files.size()), copies_(files.size()) {
        program_ = {options.program, owner == 0 ? nobody : owner, nobody};
    }

    auto run() -> std::vector<Parsed> {
        if (::access(options_.program.c_str(), X_OK) != 0) {
            for (Parsed& one : parsed_) {
                one.error.second = missing_program(options_.program);
            }
            return std::move(parsed_);
        }
        std::size_t bytes = 0;
        std::vector<std::string_view> texts;
        for (std::size_t i = 0; i < files_.size(); ++i) {
            if (files_[i]->text.size() > largest_text) {
                parsed_[i].error.second = "the file is too large";
                continue;
            }
            numbers_.push_back(i);
            texts.push_back(without_mark(files_[i]->text, copies_[i]));
            bytes += files_[i]->text.size();
        }
        constexpr std::size_t per_patience = std::size_t{4} * 1024 * 1024;
        auto const times = 1 + static_cast<int>(bytes / per_patience);
        Patience const patience{std::chrono::steady_clock::now() + options_.patience_all * times,
                                options_.patience_each * times};
        while (!texts.empty()) {
            auto const good = attempt(texts, patience);
            texts.erase(texts.begin(), texts.begin() + static_cast<std::ptrdiff_t>(good));
            numbers_.erase(numbers_.begin(), numbers_.begin() + static_cast<std::ptrdiff_t>(good));
        }
        return std::move(parsed_);
    }

private:
    // How many of the texts are settled: where a child ends over one, the next begins behind it.
    auto attempt(std::vector<std::string_view> const& texts, Patience const& patience) -> std::size_t {
        std::size_t answered = 0;
        bool sense = true;
        auto const trouble = converse(program_, texts, patience, [&](std::size_t number, std::string_view answer) {
            sense = take(numbers_[number], answer);
            answered += sense ? 1 : 0;
            return sense;
        });
        if (trouble.text.empty() && sense) {
            return texts.size();
        }
        parsed_[numbers_[answered]].error.second =
            sense ? trouble.text : "its reader (apiary-ucl) gave an answer that makes no sense";
        if (!trouble.of_child) {
            return answered + 1;
        }
        for (std::size_t i = answered; i < texts.size(); ++i) {
            parsed_[numbers_[i]].error.second = trouble.text;
        }
        return texts.size();
    }

    auto take(std::size_t file, std::string_view answer) -> bool {
        std::string_view const text{files_[file]->text};
        auto decoded = decode(answer, text.size());
        if (!decoded) {
            return false;
        }
        if (auto* const nodes = std::get_if<std::vector<Node>>(&*decoded)) {
            parsed_[file].document.emplace(text, std::move(*nodes));
        } else {
            auto& fault = std::get<TextFault>(*decoded);
            parsed_[file].error = {Lines{text}.position(fault.at), "syntax error: " + std::move(fault.text)};
        }
        return true;
    }

    ReaderOptions const& options_;
    std::vector<FileText const*> const& files_;
    ChildProgram program_;
    std::vector<Parsed> parsed_;
    std::vector<std::string> copies_;
    std::vector<std::size_t> numbers_;  // of the texts that are not settled: their places in `files_`
};

}  // namespace

auto parse_documents(ReaderOptions const& options, uid_t owner, std::vector<FileText const*> const& files)
    -> std::vector<Parsed> {
    return Batch{options, owner, files}.run();
}

Reader::Reader(ReaderOptions options) : options_{std::move(options)} {}

auto Reader::read(uid_t owner, std::vector<FileText const*> const& files) const -> std::vector<ReadSyntax> {
    std::vector<ReadSyntax> read;
    read.reserve(files.size());
    for (Parsed& one : parse_documents(options_, owner, files)) {
        if (one.document) {
            read.push_back(native_tree(*one.document));
            continue;
        }
        ReadSyntax& failed = read.emplace_back();
        failed.tree.failed = true;
        failed.errors.push_back(std::move(one.error));
    }
    return read;
}

}  // namespace apiary::config::ucl
