// The daemon's side and the real child, and children that behave badly.
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "unit/config/ucl_fixture.hpp"

namespace apiary::config {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

struct UclChild : UclFixture {};

auto pieces_of(Value const& value) -> std::string {
    std::string text;
    for (Piece const& piece : value.pieces) {
        text += piece.kind == Piece::Kind::variable     ? "$" + std::string{piece.text}
                : piece.kind == Piece::Kind::arithmetic ? std::string{"$(())"}
                                                        : std::string{piece.text};
    }
    return text;
}

// libucl would make numbers and booleans of most of these.
TEST_F(UclChild, ValuesAreWhatWasWritten) {
    for (std::string const written : {"2G", "1280x720", "0660", "007", "yes", "on", "null", "1.50", "0x1F", "10min",
                                      "inf", "plain words", "-5", "/a/b.img", "${x}-{y}"}) {
        auto const answer = read({"vm v {\n  k = " + written + ";\n}\n"});
        ASSERT_TRUE(answer.front().errors.empty()) << written << shown(answer.front());
        auto const& statement = answer.front().tree.sections.front().body.front();
        auto const wanted = written == "${x}-{y}" ? "$x-{y}" : written;
        EXPECT_EQ(pieces_of(statement.values.front()), wanted);
        EXPECT_EQ(statement.at, (Position{2, 3}));
        EXPECT_EQ(statement.values.front().at, (Position{2, 7}));
    }
}

TEST_F(UclChild, ListsKeepTheTextOfTheirElements) {
    auto const answer = read({"vm v {\n  k = [2G, \"a \\\"b\\\"\", 'it\\'s', 0660,\n 1280x720 , word $x]\n}\n"});
    ASSERT_TRUE(answer.front().errors.empty()) << shown(answer.front());
    auto const& values = answer.front().tree.sections.front().body.front().values;
    ASSERT_EQ(values.size(), 6U);
    std::vector<std::string> texts;
    for (Value const& value : values) {
        texts.push_back(pieces_of(value));
    }
    EXPECT_THAT(texts, testing::ElementsAre("2G", "a \"b\"", "it's", "0660", "1280x720", "word $x"));
    EXPECT_EQ(values[4].at, (Position{3, 2}));
    EXPECT_EQ(values[1].at, (Position{2, 12}));
}

TEST_F(UclChild, ErrorsHaveTheirPlace) {
    EXPECT_THAT(error_of("vm v {\n  a = 1\n"), StartsWith("1:6 syntax error: this brace is never closed"));
    EXPECT_THAT(error_of("vm v {\n  a = \"x\n}\n"), StartsWith("2:7 "));
    EXPECT_THAT(error_of("vm v{ a = 1 }"), StartsWith("1:5 "));
    EXPECT_THAT(error_of("vm v { a = 99999999999999999999 }"), StartsWith("1:12 "));
    EXPECT_THAT(error_of("vm v { a = 1 }\n.include \"x\"\n"), StartsWith("2:1 syntax error: macros are not available"));
    EXPECT_THAT(error_of("vm v { disk += x }"), HasSubstr("no += in UCL"));
    EXPECT_THAT(error_of("vm v { $x = 1 }"), StartsWith("1:8 "));
    EXPECT_THAT(error_of(std::string("vm v { a = 1\0 }", 15)), StartsWith("1:13 syntax error: NUL byte"));
    EXPECT_THAT(error_of("vm v { a = 1 } }"), StartsWith("1:16 "));
    EXPECT_THAT(error_of("/* never"), StartsWith("1:1 "));
    EXPECT_EQ(error_of("# nothing but words\n/* of /* people */ */\n"), "");
    EXPECT_EQ(error_of(""), "");
    EXPECT_EQ(error_of("\xEF\xBB\xBFvm v { a = 1 }\r\n"), "");
}

TEST_F(UclChild, BombsAreRefused) {
    EXPECT_THAT(error_of("a = " + std::string(200'000, '[')), HasSubstr("nested too deep"));
    std::string braces;
    for (int i = 0; i < 60'000; ++i) {
        braces += "a {";
    }
    EXPECT_THAT(error_of(braces), HasSubstr("nested too deep"));
    std::string names;
    for (int i = 0; i < 200'000; ++i) {
        names += "a ";
    }
    EXPECT_THAT(error_of(names + "{ }"), HasSubstr("too many names in a row"));
    std::string variables;
    for (int i = 0; i < 300'000; ++i) {
        variables += "${";
    }
    EXPECT_NE(error_of("vm v { a = \"" + variables + "\" }"), "");
}

TEST_F(UclChild, ManyFilesAndLargeOnes) {
    std::vector<std::string> texts(300, "vm v { memory = 1G; disk = [a, b] }\n");
    std::string large;
    for (int i = 0; i < 20'000; ++i) {
        large += "vm v" + std::to_string(i) + " { memory = 1G; disk = [a, b] }\n";
    }
    texts[150] = large;
    auto const answers = read(texts, ::geteuid() == 0 ? 12345 : ::geteuid());
    ASSERT_EQ(answers.size(), texts.size());
    for (std::size_t i = 0; i < answers.size(); ++i) {
        ASSERT_TRUE(answers[i].errors.empty()) << i << shown(answers[i]);
        EXPECT_EQ(answers[i].tree.sections.size(), i == 150 ? 20'000U : 1U);
    }
    EXPECT_EQ(answers[150].tree.sections.back().at.line, 20'000U);
}

// Programs in place of the child.
struct UclBadChild : UclFixture {
    std::filesystem::path program =
        std::filesystem::temp_directory_path() / ("apiary-bad-child-" + std::to_string(::getpid()));
    void SetUp() override {}
    void TearDown() override { std::filesystem::remove(program); }

    void child_is(std::string const& script) {
        std::ofstream{program} << "#!/bin/sh\n" << script << "\n";
        ::chmod(program.c_str(), 0755);
        reader_options.program = program;
    }
    auto errors(std::vector<std::string> const& texts) -> std::vector<std::string> {
        std::vector<std::string> errors;
        for (auto const& syntax : read(texts)) {
            EXPECT_EQ(syntax.tree.failed, !syntax.errors.empty());
            errors.push_back(syntax.errors.empty() ? std::string{} : syntax.errors.front().second);
        }
        return errors;
    }
};

constexpr auto greets = "printf 'apiary-ucl 1\\n'\n";
constexpr auto answers_once = "printf '\\001\\000\\000\\000T'\n";

// A child that answers one text and crashes over the next: who comes after that has another child.
TEST_F(UclBadChild, ACrashCostsOneFile) {
    child_is(std::string{greets} + answers_once + "kill -SEGV $$");
    auto const said = errors({"", "", "", "", ""});
    EXPECT_EQ(said[0], "");
    EXPECT_THAT(said[1], HasSubstr("crashed over it (signal 11)"));
    EXPECT_EQ(said[2], "");
    EXPECT_THAT(said[3], HasSubstr("crashed over it"));
    EXPECT_EQ(said[4], "");
}

TEST_F(UclBadChild, AHangCostsOneFile) {
    reader_options.patience_each = std::chrono::milliseconds{300};
    child_is(std::string{greets} + answers_once + "exec sleep 1000");
    auto const said = errors({"", "", ""});
    EXPECT_EQ(said[0], "");
    EXPECT_THAT(said[1], HasSubstr("takes too long"));
    EXPECT_EQ(said[2], "");
}

TEST_F(UclBadChild, AllFilesTogetherHaveADeadline) {
    reader_options.patience_each = std::chrono::milliseconds{200};
    reader_options.patience_all = std::chrono::milliseconds{500};
    child_is(std::string{greets} + "exec sleep 1000");
    for (auto const& text : errors(std::vector<std::string>(1000, ""))) {
        EXPECT_THAT(text, HasSubstr("takes too long"));
    }
}

TEST_F(UclBadChild, NonsenseIsNotBelieved) {
    child_is(std::string{greets} + "printf '\\377\\377\\377\\377'; exec sleep 1000");
    EXPECT_THAT(errors({"a"}).front(), HasSubstr("makes no sense"));
    child_is(std::string{greets} + "printf '\\001\\000\\000\\000X'; exec sleep 1000");
    EXPECT_THAT(errors({"a"}).front(), HasSubstr("makes no sense"));
    child_is("printf 'hello'; exec sleep 1000");
    EXPECT_THAT(errors({"a"}).front(), HasSubstr("makes no sense"));
    child_is("cat /dev/zero");
    EXPECT_THAT(errors({"a"}).front(), HasSubstr("makes no sense"));
}

TEST_F(UclBadChild, NoChildAtAll) {
    child_is("printf 'apiary-ucl: no sandbox here\\n'");
    EXPECT_THAT(errors({"a", "b"}), testing::Each(HasSubstr("cannot lock itself in: no sandbox here")));
    child_is("exit 3");
    EXPECT_THAT(errors({"a", "b"}), testing::Each(HasSubstr("ended before it began")));
    reader_options.program = "/nonexistent/apiary-ucl";
    EXPECT_THAT(errors({"a", "b"}), testing::Each(HasSubstr("built without libucl")));
}

}  // namespace
}  // namespace apiary::config
