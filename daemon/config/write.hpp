// Writing configuration: texts that mean exactly what was given when they are read again.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace apiary::config {

// `bytes` as one value, in double quotes where that is needed. Every text survives, but for one with a NUL byte, which
// no value can contain: it is written so that the reader refuses it.
[[nodiscard]] auto written_value(std::string_view bytes) -> std::string;

// The same for the name of a section.
[[nodiscard]] auto written_name(std::string_view bytes) -> std::string;

// `text` without what could upset a terminal or end the line: such bytes become \xHH.
[[nodiscard]] auto written_line(std::string_view text) -> std::string;

// Collects a configuration, one statement a line.
class Writer {
public:
    // Each line of `text` (without the sign), wrapped at blanks. Lines after the first are set in by `hang`.
    void comment(std::string_view text, std::size_t hang = 0);
    void verbatim_comment(std::string_view line);  // one line, neither wrapped nor set in
    void blank() { text_ += '\n'; }
    void include(std::string_view path);

    void open_global();
    void open_vm(std::string_view name);
    void open_template(std::string_view name);
    void close();

    // An empty list sets nothing. `remark`: a comment on it.
    void set(std::string_view key, std::vector<std::string> const& values, std::string_view remark = {});
    void append(std::string_view key, std::string_view value, std::string_view remark = {});
    void variable(std::string_view name, std::string_view value);  // `name` is one that may follow a $ as it is

    [[nodiscard]] auto text() const -> std::string const& { return text_; }
    [[nodiscard]] auto take() -> std::string { return std::move(text_); }

private:
    void statement(std::string const& statement, std::string_view remark = {});
    void open(std::string_view heading);

    std::string text_;
    bool inside_ = false;
};

}  // namespace apiary::config
