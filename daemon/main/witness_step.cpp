#include "main/witness_step.hpp"

#include "vm/kill_point.hpp"

#ifdef APIARY_NO_KILL_POINTS

namespace apiary {

void add_witness(Loop& /*loop*/, std::vector<std::unique_ptr<Step>>& /*steps*/) {}

}  // namespace apiary

#else

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <utility>

#include "vm/in_order.hpp"
#include "vm/unique_fd.hpp"

namespace apiary {
namespace {

class WitnessStep : public Step {
public:
    WitnessStep(Loop& loop, std::string path) : calls_{loop}, path_{std::move(path)} {}

    [[nodiscard]] auto name() const -> std::string_view override { return "witness"; }

    void prestart(StepCall call, Done done) override { testify("prestart ", call, std::move(done)); }
    void poststop(StepCall call, Done done) override { testify("poststop ", call, std::move(done)); }

private:
    void testify(char const* what, StepCall const& call, Done done) {
        auto line = what + std::to_string(call.attempt) + ' ' + call.definition->name + '\n';
        auto const written = std::make_shared<bool>(false);
        calls_.offload(
            call.definition->name,
            [written, line = std::move(line), path = path_] {
                UniqueFd const file{::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600)};
                APIARY_KILL_POINT("witness.write");
                // One write: it is in the file or it is not, whenever the daemon dies.
                *written = file && ::write(file.get(), line.data(), line.size()) == static_cast<ssize_t>(line.size());
                APIARY_KILL_POINT("witness.written");
            },
            [written, done = std::move(done)] {
                done({.kind = *written ? StepResult::Kind::ok : StepResult::Kind::failed,
                      .text = *written ? "" : "the witness cannot write",
                      .contributions = {}});
            });
    }

    InOrder calls_;  // by the VM
    std::string path_;
};

}  // namespace

void add_witness(Loop& loop, std::vector<std::unique_ptr<Step>>& steps) {
    char const* const path = std::getenv("APIARY_WITNESS");  // NOLINT(concurrency-mt-unsafe): nobody changes it
    if (path != nullptr) {
        steps.push_back(std::make_unique<WitnessStep>(loop, path));
    }
}

}  // namespace apiary

#endif
