#include "expected_rows.hpp"

namespace apiary::test {

// place | input | effect | place after it | Target after it ("keep": as it was)
std::string_view const expected_rows = R"(
stopped | start | begin | starting/prestart | running
stopped | stop | already | stopped | stopped
stopped | poweroff | already | stopped | stopped
stopped | reset | refused
stopped | pause | refused
stopped | resume | refused
stopped | failreset | refused
stopped | give-up | refused
stopped | cancel | refused
stopped | reload | take-definition | stopped | keep
stopped | adjust | take-definition | stopped | keep
stopped | autostart | plan-start | stopped | running
stopped | autostop | none | stopped | stopped
stopped | restart | plan-start | stopped | running
stopped | vanish | erase | stopped | stopped
stopped | found | watch-found | running/not-adopted | running

stopped/backoff | start | begin | starting/prestart | running
stopped/backoff | stop | already | stopped | stopped
stopped/backoff | poweroff | already | stopped | stopped
stopped/backoff | reset | refused
stopped/backoff | pause | refused
stopped/backoff | resume | refused
stopped/backoff | failreset | refused
stopped/backoff | give-up | refused
stopped/backoff | cancel | refused
stopped/backoff | reload | take-definition | stopped/backoff | keep
stopped/backoff | adjust | take-definition | stopped/backoff | keep
stopped/backoff | autostart | plan-start | stopped | running
stopped/backoff | autostop | none | stopped | stopped
stopped/backoff | restart | plan-start | stopped | running
stopped/backoff | vanish | erase | stopped | stopped
stopped/backoff | found | watch-found | running/not-adopted | running
stopped/backoff | host-restarted | none | stopped | stopped
stopping/poststop | undone-again | plan-restart | stopped/backoff | running
failed/undo-pending | undone-again | plan-restart | stopped/backoff | running

stopped | behind | enqueue | starting/waiting | running
stopped | in-queue | enqueue | starting/queued | running
stopped/backoff | behind | enqueue | starting/waiting | running
stopped/backoff | in-queue | enqueue | starting/queued | running
failed | behind | enqueue | starting/waiting | running
failed | in-queue | enqueue | starting/queued | running

starting/waiting | start | join | starting/waiting | running
starting/waiting | stop | call-off | stopped | stopped
starting/waiting | poweroff | call-off | stopped | stopped
starting/waiting | reset | refused
starting/waiting | pause | refused
starting/waiting | resume | refused
starting/waiting | failreset | refused
starting/waiting | give-up | refused
starting/waiting | cancel | call-off | stopped | stopped
starting/waiting | vanish | erase | stopped | stopped
starting/waiting | reload | take-definition | starting/waiting | keep
starting/waiting | adjust | take-definition | starting/waiting | keep
starting/waiting | autostart | none | starting/waiting | keep
starting/waiting | autostop | call-off | stopped | stopped
starting/waiting | restart | none | starting/waiting | keep
starting/waiting | in-queue | none | starting/queued | keep
starting/waiting | admitted | begin | starting/prestart | keep
starting/waiting | step-failed | call-off | failed | stopped
starting/waiting | host-restarted | call-off | stopped | stopped

starting/queued | start | join | starting/queued | running
starting/queued | stop | call-off | stopped | stopped
starting/queued | poweroff | call-off | stopped | stopped
starting/queued | reset | refused
starting/queued | pause | refused
starting/queued | resume | refused
starting/queued | failreset | refused
starting/queued | give-up | refused
starting/queued | cancel | call-off | stopped | stopped
starting/queued | vanish | erase | stopped | stopped
starting/queued | reload | take-definition | starting/queued | keep
starting/queued | adjust | take-definition | starting/queued | keep
starting/queued | autostart | none | starting/queued | keep
starting/queued | autostop | call-off | stopped | stopped
starting/queued | restart | none | starting/queued | keep
starting/queued | admitted | begin | starting/prestart | keep
starting/queued | step-failed | call-off | failed | stopped
starting/queued | host-restarted | call-off | stopped | stopped

starting/prestart | start | join | starting/prestart | running
starting/prestart | stop | back-out | stopping/poststop | stopped
starting/prestart | poweroff | back-out | stopping/poststop | stopped
starting/prestart | reset | refused
starting/prestart | pause | refused
starting/prestart | resume | refused
starting/prestart | failreset | refused
starting/prestart | give-up | refused
starting/prestart | cancel | back-out | stopping/poststop | stopped
starting/prestart | vanish | back-out | stopping/poststop | stopped
starting/prestart | reload | hold-definition | starting/prestart | keep
starting/prestart | adjust | take-definition | starting/prestart | keep
starting/prestart | autostart | none | starting/prestart | keep
starting/prestart | autostop | back-out | stopping/poststop | stopped
starting/prestart | restart | back-out | stopping/poststop | running
starting/prestart | veto | back-out | stopping/poststop | stopped
starting/prestart | step-failed | back-out | stopping/poststop | stopped
starting/prestart | step-timeout | back-out | stopping/poststop | stopped
starting/prestart | prepared | launch | starting/launching | keep
starting/prestart | prepared-loader | launch | starting/loading | keep
starting/prestart | begin-again | begin-again | starting/prestart | keep
starting/prestart | undo-failed | hold-undo | failed/undo-pending | stopped
starting/prestart | host-restarted | none | stopping/poststop | stopped

starting/loading | start | join | starting/loading | running
starting/loading | stop | kill | stopping/killing | stopped
starting/loading | poweroff | kill | stopping/killing | stopped
starting/loading | reset | refused
starting/loading | pause | refused
starting/loading | resume | refused
starting/loading | failreset | refused
starting/loading | give-up | refused
starting/loading | cancel | kill | stopping/killing | stopped
starting/loading | vanish | kill | stopping/killing | stopped
starting/loading | reload | hold-definition | starting/loading | keep
starting/loading | adjust | take-definition | starting/loading | keep
starting/loading | autostart | none | starting/loading | keep
starting/loading | autostop | kill | stopping/killing | stopped
starting/loading | restart | kill | stopping/killing | running
starting/loading | loaded | none | starting/launching | keep
starting/loading | absent | start-over | starting/prestart | keep
starting/loading | host-restarted | none | stopping/poststop | stopped
starting/loading | exec-failed | gone | stopping/poststop | stopped
starting/loading | exited | gone | stopping/poststop | stopped
starting/loading | exited-reboot | gone | stopping/poststop | stopped
starting/loading | loader-timeout | kill | stopping/killing | stopped

starting/launching | start | join | starting/launching | running
starting/launching | stop | quit | stopping/killing | stopped
starting/launching | poweroff | quit | stopping/killing | stopped
starting/launching | reset | refused
starting/launching | pause | refused
starting/launching | resume | refused
starting/launching | failreset | refused
starting/launching | give-up | refused
starting/launching | cancel | quit | stopping/killing | stopped
starting/launching | vanish | quit | stopping/killing | stopped
starting/launching | reload | hold-definition | starting/launching | keep
starting/launching | adjust | take-definition | starting/launching | keep
starting/launching | autostart | none | starting/launching | keep
starting/launching | autostop | quit | stopping/killing | stopped
starting/launching | restart | quit | stopping/killing | running
starting/launching | loaded | none | starting/launching | keep
starting/launching | absent | start-over | starting/prestart | keep
starting/launching | host-restarted | none | stopping/poststop | stopped
starting/launching | up | none | running | keep
starting/launching | ended | quit | stopping/killing | stopped
starting/launching | exec-failed | gone | stopping/poststop | stopped
starting/launching | exited | gone | stopping/poststop | stopped
starting/launching | exited-reboot | relaunch | starting/launching | keep
starting/launching | loader-timeout | kill | stopping/killing | stopped

running | start | already | running | running
running | stop | press-button | stopping/acpi | stopped
running | poweroff | quit | stopping/killing | stopped
running | reset | ask-reset | running | keep
running | pause | ask-pause | running | paused
running | resume | already | running | running
running | failreset | refused
running | give-up | refused
running | cancel | drop-request | running | running
running | vanish | press-button | stopping/acpi | stopped
running | reload | hold-definition | running | keep
running | adjust | take-definition | running | keep
running | autostart | none | running | keep
running | autostop | press-button | stopping/acpi | stopped
running | restart | press-button | stopping/acpi | running
running | guest-reset | settle | running/rebooting | keep
running | ended | quit | stopping/killing | stopped
running | exited | gone | stopping/poststop | stopped
running | exited-reboot | relaunch | running/rebooting | keep
running | guest-paused | none | paused | keep
running | absent | gone | stopping/poststop | stopped
running | host-restarted | none | stopping/poststop | stopped
running | guest-resumed | none | running | keep
running | loaded | none | running | keep
running | up | none | running | keep
running | exec-failed | gone | stopping/poststop | stopped

running/rebooting | start | already | running/rebooting | running
running/rebooting | stop | press-button | stopping/acpi | stopped
running/rebooting | poweroff | quit | stopping/killing | stopped
running/rebooting | reset | ask-reset | running/rebooting | keep
running/rebooting | pause | ask-pause | running/rebooting | paused
running/rebooting | resume | already | running/rebooting | running
running/rebooting | failreset | refused
running/rebooting | give-up | refused
running/rebooting | cancel | drop-request | running/rebooting | running
running/rebooting | vanish | press-button | stopping/acpi | stopped
running/rebooting | reload | hold-definition | running/rebooting | keep
running/rebooting | adjust | take-definition | running/rebooting | keep
running/rebooting | autostart | none | running/rebooting | keep
running/rebooting | autostop | press-button | stopping/acpi | stopped
running/rebooting | restart | press-button | stopping/acpi | running
running/rebooting | guest-reset | settle | running/rebooting | keep
running/rebooting | reboot-settled | none | running | keep
running/rebooting | loaded | none | running/rebooting | keep
running/rebooting | up | none | running | keep
running/rebooting | exec-failed | gone | stopping/poststop | stopped
running/rebooting | loader-timeout | kill | stopping/killing | stopped
running/rebooting | ended | quit | stopping/killing | stopped
running/rebooting | exited | gone | stopping/poststop | stopped
running/rebooting | exited-reboot | relaunch | running/rebooting | keep
running/rebooting | guest-paused | none | paused | keep
running/rebooting | absent | relaunch | running/rebooting | keep
running/rebooting | host-restarted | none | stopping/poststop | stopped
running/rebooting | guest-resumed | none | running/rebooting | keep

running/not-adopted | start | refuse-adopted | running/not-adopted | keep
running/not-adopted | stop | refuse-adopted | running/not-adopted | keep
running/not-adopted | poweroff | kill | stopping/killing | stopped
running/not-adopted | reset | refuse-adopted | running/not-adopted | keep
running/not-adopted | pause | refuse-adopted | running/not-adopted | keep
running/not-adopted | resume | refuse-adopted | running/not-adopted | keep
running/not-adopted | failreset | refused
running/not-adopted | give-up | refused
running/not-adopted | cancel | refused
running/not-adopted | reload | hold-definition | running/not-adopted | keep
running/not-adopted | adjust | hold-definition | running/not-adopted | keep
running/not-adopted | autostart | none | running/not-adopted | keep
running/not-adopted | autostop | none | running/not-adopted | keep
running/not-adopted | restart | none | running/not-adopted | keep
running/not-adopted | vanish | erase-later | running/not-adopted | keep
running/not-adopted | exited | gone | stopping/poststop | stopped

paused | start | refused
paused | stop | wake-and-press | stopping/acpi | stopped
paused | poweroff | quit | stopping/killing | stopped
paused | reset | ask-reset | paused | keep
paused | pause | already | paused | paused
paused | resume | ask-resume | paused | running
paused | failreset | refused
paused | give-up | refused
paused | cancel | drop-request | paused | paused
paused | vanish | wake-and-press | stopping/acpi | stopped
paused | reload | hold-definition | paused | keep
paused | adjust | take-definition | paused | keep
paused | autostart | none | paused | keep
paused | autostop | wake-and-press | stopping/acpi | stopped
paused | restart | wake-and-press | stopping/acpi | running
paused | guest-reset | none | paused | keep
paused | guest-paused | none | paused | keep
paused | absent | gone | stopping/poststop | stopped
paused | host-restarted | none | stopping/poststop | stopped
paused | guest-resumed | none | running | keep
paused | ended | quit | stopping/killing | stopped
paused | exited | gone | stopping/poststop | stopped
paused | exec-failed | gone | stopping/poststop | stopped
paused | exited-reboot | relaunch | running/rebooting | keep

stopping/acpi | start | refused
stopping/acpi | stop | join | stopping/acpi | stopped
stopping/acpi | poweroff | quit | stopping/killing | stopped
stopping/acpi | reset | refused
stopping/acpi | pause | refused
stopping/acpi | resume | refused
stopping/acpi | failreset | refused
stopping/acpi | give-up | refused
stopping/acpi | cancel | unwatch-stop | running | running
stopping/acpi | reload | hold-definition | stopping/acpi | keep
stopping/acpi | adjust | take-definition | stopping/acpi | keep
stopping/acpi | autostart | start-later | stopping/acpi | running
stopping/acpi | autostop | none | stopping/acpi | stopped
stopping/acpi | restart | start-later | stopping/acpi | running
stopping/acpi | vanish | erase-later | stopping/acpi | stopped
stopping/acpi | stop-timeout | quit | stopping/killing | keep
stopping/acpi | guest-reset | quit | stopping/killing | keep
stopping/acpi | guest-paused | none | stopping/acpi | keep
stopping/acpi | guest-resumed | none | stopping/acpi | keep
stopping/acpi | loaded | none | stopping/acpi | keep
stopping/acpi | up | press-again | stopping/acpi | keep
stopping/acpi | ended | quit | stopping/killing | keep
stopping/acpi | exec-failed | gone | stopping/poststop | keep
stopping/acpi | exited | gone | stopping/poststop | keep
stopping/acpi | absent | gone | stopping/poststop | keep
stopping/acpi | host-restarted | none | stopping/poststop | keep
stopping/acpi | exited-reboot | gone | stopping/poststop | keep

stopping/killing | start | refused
stopping/killing | stop | join | stopping/killing | stopped
stopping/killing | poweroff | join | stopping/killing | stopped
stopping/killing | reset | refused
stopping/killing | pause | refused
stopping/killing | resume | refused
stopping/killing | failreset | refused
stopping/killing | give-up | refused
stopping/killing | cancel | refused
stopping/killing | reload | hold-definition | stopping/killing | keep
stopping/killing | adjust | take-definition | stopping/killing | keep
stopping/killing | autostart | start-later | stopping/killing | running
stopping/killing | autostop | none | stopping/killing | stopped
stopping/killing | restart | start-later | stopping/killing | running
stopping/killing | vanish | erase-later | stopping/killing | stopped
stopping/killing | kill-timeout | kill | stopping/killing | keep
stopping/killing | loaded | none | stopping/killing | keep
stopping/killing | up | quit | stopping/killing | keep
stopping/killing | ended | none | stopping/killing | keep
stopping/killing | guest-reset | none | stopping/killing | keep
stopping/killing | guest-paused | none | stopping/killing | keep
stopping/killing | guest-resumed | none | stopping/killing | keep
stopping/killing | exec-failed | gone | stopping/poststop | keep
stopping/killing | exited | gone | stopping/poststop | keep
stopping/killing | absent | gone | stopping/poststop | keep
stopping/killing | host-restarted | none | stopping/poststop | keep
stopping/killing | exited-reboot | gone | stopping/poststop | keep

stopping/poststop | start | refused
stopping/poststop | stop | join | stopping/poststop | stopped
stopping/poststop | poweroff | join | stopping/poststop | stopped
stopping/poststop | reset | refused
stopping/poststop | pause | refused
stopping/poststop | resume | refused
stopping/poststop | failreset | refused
stopping/poststop | give-up | refused
stopping/poststop | cancel | refused
stopping/poststop | reload | hold-definition | stopping/poststop | keep
stopping/poststop | adjust | take-definition | stopping/poststop | keep
stopping/poststop | autostart | start-later | stopping/poststop | running
stopping/poststop | autostop | none | stopping/poststop | stopped
stopping/poststop | restart | start-later | stopping/poststop | running
stopping/poststop | vanish | erase-later | stopping/poststop | stopped
stopping/poststop | undone | finish | stopped | keep
stopping/poststop | undone-failed | finish | failed | keep
stopping/poststop | undo-failed | hold-undo | failed/undo-pending | keep

failed | start | begin | starting/prestart | running
failed | stop | already | failed | stopped
failed | poweroff | already | failed | stopped
failed | reset | refused
failed | pause | refused
failed | resume | refused
failed | failreset | already | stopped | stopped
failed | give-up | already | stopped | stopped
failed | cancel | refused
failed | reload | take-definition | failed | keep
failed | adjust | take-definition | failed | keep
failed | autostart | plan-start | failed | running
failed | autostop | none | failed | stopped
failed | restart | plan-start | failed | running
failed | vanish | erase | failed | stopped
failed | found | watch-found | running/not-adopted | running

failed/undo-pending | start | refuse-undo | failed/undo-pending | keep
failed/undo-pending | stop | already | failed/undo-pending | stopped
failed/undo-pending | poweroff | already | failed/undo-pending | stopped
failed/undo-pending | reset | refused
failed/undo-pending | pause | refused
failed/undo-pending | resume | refused
failed/undo-pending | failreset | retry-undo | failed/undo-pending | keep
failed/undo-pending | give-up | drop-undo | stopped | stopped
failed/undo-pending | cancel | drop-request | failed/undo-pending | keep
failed/undo-pending | undo-retry | retry-undo | failed/undo-pending | keep
failed/undo-pending | undone-failed | finish | failed | keep
failed/undo-pending | undo-failed | hold-undo | failed/undo-pending | keep
failed/undo-pending | reload | hold-definition | failed/undo-pending | keep
failed/undo-pending | adjust | take-definition | failed/undo-pending | keep
failed/undo-pending | autostart | start-later | failed/undo-pending | running
failed/undo-pending | autostop | none | failed/undo-pending | stopped
failed/undo-pending | restart | start-later | failed/undo-pending | running
failed/undo-pending | vanish | erase-later | failed/undo-pending | stopped
)";

}  // namespace apiary::test
