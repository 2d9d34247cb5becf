// Is there a KVM that works? A device node proves nothing, and neither does a QEMU that starts with it: there are hosts
// where it opens, where QEMU greets and calls the guest running, and where the guest crawls or stands still. So a guest
// of a few instructions is run, with the CPU that real guests get, and has to count to some millions and say so within
// a second: on a KVM that works it takes milliseconds. The answer is kept for as long as the host is up (and QEMU is
// the same).
#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "vm/loop.hpp"

namespace apiary::hypervisor {

struct KvmAnswer {
    bool works = false;
    std::optional<gid_t> group;  // who may use it, besides root
};

class KvmProbe {
public:
    virtual ~KvmProbe() = default;
    // `done` is called on a later turn. Asking again while the answer is looked for, or known, starts nothing.
    virtual void ask(std::function<void(KvmAnswer)> done) = 0;
};

// Always the same answer: for tests, and where KVM is chosen or ruled out by hand.
class FixedKvm : public KvmProbe {
public:
    FixedKvm(Loop& loop, KvmAnswer answer) : loop_{loop}, answer_{answer} {}
    void ask(std::function<void(KvmAnswer)> done) override {
        loop_.post([done = std::move(done), answer = answer_] { done(answer); });
    }

private:
    Loop& loop_;
    KvmAnswer answer_;
};

// `state_dir` keeps the answer (empty: it is not kept).
[[nodiscard]] auto make_kvm_probe(Loop& loop, std::string qemu, std::string const& state_dir)
    -> std::unique_ptr<KvmProbe>;

}  // namespace apiary::hypervisor
