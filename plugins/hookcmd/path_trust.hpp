// Who can decide what a path stands for.
#pragma once

#include <sys/types.h>

#include <string>

namespace apiary::hookcmd {

// Whether somebody other than root and `user` could put another file under this path: a folder on the way to it, or to
// where a link of it leads, belongs to him or can be written to by him. Then what he would put there, a link to a
// program of root's for example, would run with rights that are not his. Gives what is wrong, for people; empty:
// nobody can. What is not there is of nobody's making: empty, too.
//
// A folder that all may write to and that is sticky (/tmp) is fine where what is next on the way belongs to root or
// `user`: nobody else can take it away.
[[nodiscard]] auto exchangeable(std::string const& path, uid_t user) -> std::string;

// Why the program would not be run with the rights of `user`, as far as it can be seen from here and now: for that, or
// for whose file it is. What is executed is judged again when it is.
[[nodiscard]] auto unfit(std::string const& path, uid_t user) -> std::string;

}  // namespace apiary::hookcmd
