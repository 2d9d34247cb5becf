// What the daemon and apiary-plugin-host say to each other, over one stream socket (the host's descriptor 0).
//
// A frame is a length (4 bytes, little endian, 1..max_frame), then a JSON object in UTF-8; descriptors travel with the
// first byte of its length (SCM_RIGHTS), at most max_descriptors. How many they are is its member "descriptors"
// (absent: none): where in a stream descriptors came is not told alike by all kernels, in which order they came is. "t"
// says what it is. Members that are not known are ignored, so is a "t" that is not known; what is malformed otherwise
// ends the channel, and counts as the plugin's death: whoever wrote it is not ours any more.
//
// The host is begun as
//   apiary-plugin-host --serve FILE.so      the plugin's process. Runs with the plugin's rights.
//   apiary-plugin-host --describe FILE.so   one `plugin` frame, then the end. Becomes an unprivileged user first, if it
//                                           is root.
//   apiary-plugin-host --configure FILE.so  likewise; `check` frames in, one `checked` frame for each out, until the
//                                           end of the channel.
// FILE.so is its name for people: what is loaded is the descriptor that comes with `hello`, opened by the daemon, which
// has judged who owns it. A file that is replaced meanwhile is not loaded by mistake.
//
// daemon -> host
//   hello    protocol, version (Apiary's), and the descriptor of the file. The first. To --serve also: bus (address;
//            absent: none), state (folder), user, capabilities, no_network: the host takes its lock (state + "/lock"),
//            gives up its rights, loads the file, calls init(), and answers `plugin`
//   call     id, what ("prestart", "poststop", "renew", "event", "reload"), timeout (ms), vm (see below; absent: none),
//            attempt, contributions [[kind, id, value]…], event {seq, type, fields {name: text}}
//   cancel   id
//   secret   ask, value; or error (a number of errno)
//   bus      bus (address; absent: none now)
//   check    id, vm
//   quit     no more calls: shutdown() once those that are under way have ended, then the end
//
// host -> daemon
//   plugin   protocol, abi, and the declaration: name, version, doc, keys [{name, type, flags, fallback, doc, why,
//            words, least, most}…], phase, flags, before, after, events, user, capabilities, prestart_timeout,
//            poststop_timeout, event_timeout (ms), has ["configure", "prestart", "poststop", "renew", "event",
//            "reload"]
//   failed   text: it cannot be loaded (wrong ABI, no symbol, a missing library); the end follows
//   end      id, result ("ok", "failed", "veto"), text, broken (true: the function was left otherwise than by
//            returning), contributions [[kind, id, value]…]; a contribution of kind "fd" has the number of its
//            descriptor in this frame as its value
//   checked  id, messages [[level, key, text]…], ok
//   log      level, text, id (of the call; absent: none)
//   line     id, text, error: for the log of the VM of that call
//   emit     vm (absent: none), text, details {name: text}
//   secret   ask, name
//   spent    text: why the process is of little use for more calls: it is to quit when those under way have ended.
//            Comes before the `end` of the call that it is noticed after
//
// vm: {name, id, incarnation, run_folder, settings [[key, [value…]]…]}
//
// Both sides have versions: a host of another protocol_version is refused by name. It need not be old: the host that
// runs while the daemon is upgraded ends with the old daemon's channel, so the two always come from one installation;
// the version is against installations that were put together by hand.
#pragma once

#include <cstddef>
#include <cstdint>

namespace apiary::plugin {

inline constexpr std::uint32_t protocol_version = 1;
inline constexpr std::size_t max_frame = std::size_t{4} * 1024 * 1024;
inline constexpr std::size_t max_descriptors = 32;
inline constexpr std::size_t max_depth = 16;        // of arrays and objects in each other
inline constexpr std::size_t max_values = 200'000;  // of a frame: what its parsed form may cost is bounded by it
inline constexpr int channel_descriptor = 0;

}  // namespace apiary::plugin
