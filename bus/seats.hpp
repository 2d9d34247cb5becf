// Places of which there are so many: nobody can take them all away from the others.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <map>

namespace apiary::bus {

class Seats {
public:
    // Root's places are his own: the others together never have them.
    Seats(std::size_t of_user, std::size_t of_others) : of_user_{of_user}, of_others_{of_others} {}

    // False: there is none left for this user.
    [[nodiscard]] auto take(uid_t uid) -> bool {
        auto const found = taken_.find(uid);
        auto const his = found == taken_.end() ? 0 : found->second;
        if (his >= of_user_ || (uid != 0 && others_ >= of_others_)) {
            return false;
        }
        ++taken_[uid];
        others_ += uid != 0 ? 1 : 0;
        return true;
    }
    void give_back(uid_t uid) {
        auto const found = taken_.find(uid);
        if (found == taken_.end()) {
            return;
        }
        if (--found->second == 0) {
            taken_.erase(found);
        }
        others_ -= uid != 0 ? 1 : 0;
    }

private:
    std::size_t of_user_, of_others_;
    std::size_t others_ = 0;
    std::map<uid_t, std::size_t> taken_;
};

}  // namespace apiary::bus
