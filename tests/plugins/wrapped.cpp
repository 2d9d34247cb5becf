// A plugin by apiary/plugin.hpp, for what that header does: it contributes what the VM's settings say.
#include <apiary/plugin.hpp>

namespace {

namespace ap = apiary::plugins;

struct Wrapped {
    static auto declaration() -> ap::Declaration {
        return {.name = "wrapped",
                .version = "1.0",
                .doc = "Contributes what it is told",
                .keys = {ap::Key::text("wrapped_give", "Kind, id and value").list(),
                         ap::Key::boolean("wrapped_flag", "Nothing").fallback("no"),
                         ap::Key::integer("wrapped_count", "Nothing", 1, 9)}};
    }

    void prestart(ap::Call& call) {
        call.info("flag " + std::string{call.setting("wrapped_flag").value_or("")});
        auto const give = call.settings("wrapped_give");
        if (give.size() == 3) {
            call.contribute(std::string{give[0]}, std::string{give[1]}, std::string{give[2]});
        } else if (give.size() == 1) {
            call.contribute_fd(std::string{give[0]}, 0);
        }
    }
};

}  // namespace

APIARY_PLUGIN(Wrapped)
