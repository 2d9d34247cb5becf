// Stands before a hypervisor and is a witness that the daemon cannot deceive: it takes a lock for the VM, writes down
// that it was spawned, and becomes the hypervisor, which has the lock until it ends.
//
// It is named as the hypervisor is; beside it are NAME.real, a link to what it becomes, and the folder `witness`:
//   hypervisors  "spawned PID VM", or "DOUBLE PID VM" where another hypervisor of that VM lives; one write each
//   VM.lock      flock(2) held by the hypervisor of that VM
//   VM.late      where this is, it becomes nothing and waits to be killed
// Called without a VM (to be asked for its version, say) it only becomes the hypervisor.
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <string>
#include <string_view>

namespace {

auto target_of(std::string const& link) -> std::string {
    std::array<char, 4096> text{};
    ssize_t const size = readlink(link.c_str(), text.data(), text.size());
    return size > 0 ? std::string{text.data(), static_cast<std::size_t>(size)} : std::string{};
}

// QEMU has it in `-name guest=VM`, bhyve as its last argument.
auto vm_of(int argc, char** argv, bool qemu) -> std::string {
    constexpr std::string_view key = "guest=";
    for (int i = 1; qemu && i + 1 < argc; ++i) {
        std::string_view const value{argv[i + 1]};
        if (std::string_view{argv[i]} == "-name" && value.starts_with(key)) {
            return std::string{value.substr(key.size(), value.find(',') - key.size())};
        }
    }
    return qemu || argc < 2 ? std::string{} : argv[argc - 1];
}

}  // namespace

auto main(int argc, char** argv) -> int {
    auto const own = target_of("/proc/self/exe");
    auto const folder = own.substr(0, own.rfind('/')) + "/witness/";
    auto real = target_of(own + ".real");
    auto const vm = vm_of(argc, argv, real.find("qemu") != std::string::npos);
    if (!vm.empty()) {
        int const lock = open((folder + vm + ".lock").c_str(), O_RDWR | O_CREAT, 0600);  // the hypervisor inherits it
        bool const alone = lock >= 0 && flock(lock, LOCK_EX | LOCK_NB) == 0;
        auto const line = (alone ? "spawned " : "DOUBLE ") + std::to_string(getpid()) + ' ' + vm + '\n';
        int const record = open((folder + "hypervisors").c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
        if (record < 0 || write(record, line.data(), line.size()) != static_cast<ssize_t>(line.size())) {
            std::perror("witness");
            return 4;
        }
        while (access((folder + vm + ".late").c_str(), F_OK) == 0) {
            pause();
        }
    }
    argv[0] = real.data();
    execv(real.c_str(), argv);
    std::perror(real.c_str());
    return 4;
}
