// What the tests of UCL share: the real reader with the real child, where this build has one.
#pragma once

#include <unistd.h>

#include <deque>
#include <string>
#include <vector>

#include "config/ucl/reader.hpp"
#include "unit/config/fixture.hpp"

namespace apiary::config {

struct UclFixture : Fixture {
    ucl::ReaderOptions reader_options{.program = std::string{APIARY_BIN_DIR} + "/apiary-ucl"};

    void SetUp() override {
        if (::access(reader_options.program.c_str(), X_OK) != 0) {
            GTEST_SKIP() << "this build has no libucl";
        }
    }

    auto read(std::vector<std::string> const& texts, uid_t owner = 0) -> std::vector<ReadSyntax> {
        std::vector<FileText const*> files;
        for (auto const& text : texts) {
            files.push_back(&texts_.emplace_back(FileText{.name = "test.ucl", .owner = owner, .text = text}));
        }
        return ucl::Reader{reader_options}.read(owner, files);
    }

    // "LINE:COLUMN text" of the first error; empty: there is none.
    auto error_of(std::string const& text) -> std::string {
        auto const answer = read({text});
        return answer.front().errors.empty() ? std::string{} : shown(answer.front());
    }
    static auto shown(ReadSyntax const& syntax) -> std::string {
        auto const& [at, message] = syntax.errors.front();
        return std::to_string(at.line) + ":" + std::to_string(at.column) + " " + message;
    }

private:
    std::deque<FileText> texts_;  // trees point into them
};

}  // namespace apiary::config
