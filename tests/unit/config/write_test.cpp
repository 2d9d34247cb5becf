// Writing configuration: whatever is written is read again as it was.
#include "config/write.hpp"

#include <array>
#include <random>
#include <utility>

#include "fixture.hpp"

namespace apiary::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

struct Write : Fixture {
    // Each text as a value of a VM of its own, in one file; what they are when they are read again.
    auto read_again(std::vector<std::string> const& texts) -> std::vector<std::string> {
        Writer writer;
        for (std::size_t i = 0; i < texts.size(); ++i) {
            writer.open_vm("v" + std::to_string(i));
            writer.set("memory", {"1G"});
            writer.set("loader", {"kernel"});
            writer.set("kernel", {"/boot/kernel"});
            writer.set("cmdline", {texts[i]});
            writer.close();
        }
        options.default_backend = BackendKind::qemu;
        load(writer.text());
        EXPECT_THAT(errors(), ElementsAre());
        std::vector<std::string> all;
        for (DefinitionPtr const& definition : result.definitions) {
            all.push_back(definition->cmdline);
        }
        return all;
    }
};

TEST_F(Write, EveryTextSurvives) {
    std::vector<std::string> const texts{
        "",
        "plain",
        "/img/a.b-c_d:e",
        "a b",
        "$NAME",
        "${NAME}",
        "$((1 + 2))",
        "$",
        "\"",
        "'",
        "\\",
        "\\n",
        "a//b",
        "a/*b*/",
        "# no comment",
        "a;b",
        "{}",
        "a=b",
        "a,b",
        "(hd0,1)",
        "vm",
        "global",
        "template",
        ".apply",
        ".include",
        "x/vm/y",
        "line\nline\ttab\rreturn",
        std::string{"\x01\x1b[31m\x7f\xff\xfe"},
        "\xc3\xa4\xe2\x82\xac\xf0\x9f\x90\x9d",
        "\xc3",
        "\xed\xa0\x80",
        "\xf0\x9f\x90",
        "0x41",
        std::string{"\x01"
                    "1"},
    };
    EXPECT_EQ(read_again(texts), texts);
}

TEST_F(Write, EveryBytesSurvive) {
    std::mt19937 random{20261120};
    auto const below = [&](unsigned bound) { return static_cast<unsigned>(random() % bound); };
    constexpr std::string_view odd = "\"'\\$/#*{}();,=+ \n\t\r.applyinclude01x";
    std::vector<std::string> texts(2000);
    for (std::string& text : texts) {
        for (unsigned length = below(40); length > 0; --length) {
            text += below(2) == 0 ? odd[below(static_cast<unsigned>(odd.size()))] : static_cast<char>(1 + below(255));
        }
    }
    EXPECT_EQ(read_again(texts), texts);
}

TEST_F(Write, NamesOfSectionsSurviveToo) {
    for (std::string const name : {"a", "vm", "a b", "a$b", "a\"b", "9.x-y_z", "web:1"}) {
        Writer writer;
        writer.open_vm(name);
        writer.set("memory", {"1G"});
        writer.set("loader", {"uefi"});
        writer.close();
        load(writer.text());
        EXPECT_THAT(names(), ElementsAre(name)) << writer.text();
    }
}

TEST_F(Write, WhatIsPlainIsNotQuoted) {
    EXPECT_EQ(written_value("/dev/zvol/tank/web"), "/dev/zvol/tank/web");
    EXPECT_EQ(written_value("512M"), "512M");
    EXPECT_EQ(written_value("a b"), "\"a b\"");
    EXPECT_EQ(written_value("\xff"), "\"\\xff\"");
    EXPECT_EQ(written_value("\xc3\xa4"), "\"\xc3\xa4\"");
    EXPECT_EQ(written_value("/data/vm/x"), "\"/data/vm/x\"");  // bmd takes the folder for a word of its language
}

TEST_F(Write, ANulByteIsRefusedByTheReader) {
    load_vm("cmdline = " + written_value(std::string_view{"a\0b", 3}) + ";");
    EXPECT_THAT(errors(), ElementsAre(HasSubstr("NUL byte")));
}

TEST_F(Write, ListsVariablesAndTemplates) {
    Writer writer;
    writer.open_global();
    writer.variable("images", "/img dir");
    writer.close();
    writer.open_template("t");
    writer.set("memory", {"2G"});
    writer.close();
    writer.blank();
    writer.open_vm("v");
    writer.set("loader", {"uefi"}, "a remark");
    writer.set("network", {"none", "user"});
    writer.append("network", "e1000:none");
    writer.set("disk", {});
    writer.close();
    EXPECT_EQ(writer.text(),
              "global {\n    $images = \"/img dir\";\n}\n"
              "template t {\n    memory = 2G;\n}\n\n"
              "vm v {\n    loader = uefi;  # a remark\n    network = none, user;\n    network += e1000:none;\n}\n");
    load("vm w { .apply t; loader = uefi; err_logfile = $images; }\n" + writer.take());
    EXPECT_THAT(errors(), ElementsAre(HasSubstr("memory")));  // of v alone
    EXPECT_EQ(vm("w").err_logfile->path, "/img dir");
}

TEST_F(Write, CommentsStayComments) {
    Writer writer;
    writer.comment("one\ntwo\rthree\x1b[0m\xff");
    writer.comment(std::string(300, 'x') + " " + std::string(300, 'y') + " */ \" }");
    writer.comment("");
    writer.verbatim_comment("vm x {\nvm y {");
    EXPECT_THAT(writer.text(), HasSubstr("# two\\x0dthree\\x1b[0m\\xff\n"));
    EXPECT_THAT(writer.text(), Not(HasSubstr("\nvm")));
    load(writer.take() + vm_text(""));
    EXPECT_THAT(errors(), ElementsAre());
    EXPECT_THAT(names(), ElementsAre("v"));
}

TEST_F(Write, LongCommentsAreWrapped) {
    Writer writer;
    std::string words;
    for (int i = 0; i < 100; ++i) {
        words += "word" + std::to_string(i) + ' ';
    }
    writer.open_vm("v");
    writer.comment(words, 2);
    std::size_t lines = 0;
    for (std::size_t at = writer.text().find('\n') + 1, end = 0; at < writer.text().size(); at = end + 1) {
        end = writer.text().find('\n', at);
        EXPECT_LE(end - at, 118U);
        EXPECT_TRUE(writer.text().substr(at).starts_with(lines++ == 0 ? "    # word0" : "    #   word")) << lines;
    }
    EXPECT_GT(lines, 5U);
}

}  // namespace
}  // namespace apiary::config
