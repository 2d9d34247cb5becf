#include "expected_reloads.hpp"

namespace apiary::test {

// place, change | what is told of it: action, effect, keys | place after it, Target, ConfigPending | what was asked of
// hypervisor, steps and supervisor.
std::string_view const expected_reloads = R"(
stopped nothing | - | stopped stopped |
stopped stop_timeout | changed now stop_timeout | stopped stopped |
stopped memory | changed now memory | stopped stopped |
stopped memory+stop_timeout | changed now memory stop_timeout | stopped stopped |
stopped rights | changed now owner | stopped stopped |
stopped memory-and-back | changed now memory | stopped stopped |
stopped boot=yes | changed start boot(now) | starting/launching running | network:prestart storage:prestart hook:prestart launch
stopped boot=always+memory | changed start boot(now) memory(now) | starting/launching running | network:prestart storage:prestart hook:prestart launch
stopped boot=oneshot | changed now boot | stopped stopped |
stopped boot=no | changed now boot | stopped stopped |
stopped boot=no+memory | changed now boot memory | stopped stopped |
stopped eager,memory | changed start memory(now) | stopped running |
stopped eager,stop_timeout | changed now stop_timeout | stopped running |
stopped eager,boot=no,memory | changed now memory | stopped stopped |
stopped gone | removed remove | gone |
stopped gone-and-back | added now | stopped stopped |
stopped gone-and-back,yes | added start | stopped running |
stopped gone-and-back,memory | added now | stopped stopped |

stopped/backoff nothing | changed now boot | stopped stopped |
stopped/backoff stop_timeout | changed now boot stop_timeout | stopped stopped |
stopped/backoff memory | changed now boot memory | stopped stopped |
stopped/backoff memory+stop_timeout | changed now boot memory stop_timeout | stopped stopped |
stopped/backoff rights | changed now boot owner | stopped stopped |
stopped/backoff memory-and-back | changed now memory | stopped stopped |
stopped/backoff boot=yes | changed start boot(now) | starting/launching running | network:prestart storage:prestart hook:prestart launch
stopped/backoff boot=always+memory | changed now memory | stopped/backoff running |
stopped/backoff boot=oneshot | changed now boot | stopped stopped |
stopped/backoff boot=no | changed now boot | stopped stopped |
stopped/backoff boot=no+memory | changed now boot memory | stopped stopped |
stopped/backoff eager,memory | changed start boot(now) memory(now) | stopped running |
stopped/backoff eager,stop_timeout | changed start boot(now) stop_timeout(now) | starting/launching running | network:prestart storage:prestart hook:prestart launch
stopped/backoff eager,boot=no,memory | changed now boot memory | stopped stopped |
stopped/backoff gone | removed remove | gone |
stopped/backoff gone-and-back | added now | stopped stopped |
stopped/backoff gone-and-back,yes | added start | stopped running |
stopped/backoff gone-and-back,memory | added now | stopped stopped |

starting/waiting nothing | - | starting/waiting running |
starting/waiting stop_timeout | changed now stop_timeout | starting/waiting running |
starting/waiting memory | changed now memory | starting/waiting running |
starting/waiting memory+stop_timeout | changed now memory stop_timeout | starting/waiting running |
starting/waiting rights | changed now owner | starting/waiting running |
starting/waiting memory-and-back | changed now memory | starting/waiting running |
starting/waiting boot=yes | changed now boot | starting/waiting running |
starting/waiting boot=always+memory | changed now boot memory | starting/waiting running |
starting/waiting boot=oneshot | changed now boot | starting/waiting running |
starting/waiting boot=no | changed stop boot(now) | stopped stopped |
starting/waiting boot=no+memory | changed stop boot(now) memory(now) | stopped stopped |
starting/waiting eager,memory | changed now memory | starting/waiting running |
starting/waiting eager,stop_timeout | changed now stop_timeout | starting/waiting running |
starting/waiting eager,boot=no,memory | changed now memory | starting/waiting running |
starting/waiting gone | removed remove | gone |
starting/waiting gone-and-back | added now | stopped stopped |
starting/waiting gone-and-back,yes | added start | stopped running |
starting/waiting gone-and-back,memory | added now | stopped stopped |

starting/queued nothing | - | starting/queued running |
starting/queued stop_timeout | changed now stop_timeout | starting/queued running |
starting/queued memory | changed now memory | starting/queued running |
starting/queued memory+stop_timeout | changed now memory stop_timeout | starting/queued running |
starting/queued rights | changed now owner | starting/queued running |
starting/queued memory-and-back | changed now memory | starting/queued running |
starting/queued boot=yes | changed now boot | starting/queued running |
starting/queued boot=always+memory | changed now boot memory | starting/queued running |
starting/queued boot=oneshot | changed now boot | starting/queued running |
starting/queued boot=no | changed stop boot(now) | stopped stopped |
starting/queued boot=no+memory | changed stop boot(now) memory(now) | stopped stopped |
starting/queued eager,memory | changed now memory | starting/queued running |
starting/queued eager,stop_timeout | changed now stop_timeout | starting/queued running |
starting/queued eager,boot=no,memory | changed now memory | starting/queued running |
starting/queued gone | removed remove | gone |
starting/queued gone-and-back | added now | stopped stopped |
starting/queued gone-and-back,yes | added start | stopped running |
starting/queued gone-and-back,memory | added now | stopped stopped |

starting/prestart nothing | - | starting/prestart running |
starting/prestart stop_timeout | changed now stop_timeout | starting/prestart running |
starting/prestart memory | changed next-cold-start memory | starting/prestart running pending |
starting/prestart memory+stop_timeout | changed next-cold-start memory stop_timeout(now) | starting/prestart running pending |
starting/prestart rights | changed next-cold-start owner | starting/prestart running pending |
starting/prestart memory-and-back | changed now memory | starting/prestart running |
starting/prestart boot=yes | changed now boot | starting/prestart running |
starting/prestart boot=always+memory | changed next-cold-start boot(now) memory | starting/prestart running pending |
starting/prestart boot=oneshot | changed now boot | starting/prestart running |
starting/prestart boot=no | changed stop boot(now) | stopped stopped | storage:cancel storage:poststop network:poststop
starting/prestart boot=no+memory | changed stop boot(now) memory(next-cold-start) | stopped stopped | storage:cancel storage:poststop network:poststop
starting/prestart eager,memory | changed restart memory | stopped running | storage:cancel storage:poststop network:poststop
starting/prestart eager,stop_timeout | changed now stop_timeout | starting/prestart running |
starting/prestart eager,boot=no,memory | changed next-cold-start memory | starting/prestart running pending |
starting/prestart gone | removed stop-and-remove | gone | storage:cancel storage:poststop network:poststop
starting/prestart gone-and-back | added now | stopped stopped |
starting/prestart gone-and-back,yes | added start | stopped running |
starting/prestart gone-and-back,memory | added now | stopped stopped |

starting/loading nothing | - | starting/loading running |
starting/loading stop_timeout | changed now stop_timeout | starting/loading running |
starting/loading memory | changed next-cold-start memory | starting/loading running pending |
starting/loading memory+stop_timeout | changed next-cold-start memory stop_timeout(now) | starting/loading running pending |
starting/loading rights | changed next-cold-start owner | starting/loading running pending |
starting/loading memory-and-back | changed now memory | starting/loading running |
starting/loading boot=yes | changed now boot | starting/loading running |
starting/loading boot=always+memory | changed next-cold-start boot(now) memory | starting/loading running pending |
starting/loading boot=oneshot | changed now boot | starting/loading running |
starting/loading boot=no | changed stop boot(now) | stopped stopped | kill forget hook:poststop storage:poststop network:poststop
starting/loading boot=no+memory | changed stop boot(now) memory(next-cold-start) | stopped stopped | kill forget hook:poststop storage:poststop network:poststop
starting/loading eager,memory | changed restart memory | stopped running | kill forget hook:poststop storage:poststop network:poststop
starting/loading eager,stop_timeout | changed now stop_timeout | starting/loading running |
starting/loading eager,boot=no,memory | changed next-cold-start memory | starting/loading running pending |
starting/loading gone | removed stop-and-remove | gone | kill forget hook:poststop storage:poststop network:poststop
starting/loading gone-and-back | added now | stopped stopped |
starting/loading gone-and-back,yes | added start | stopped running |
starting/loading gone-and-back,memory | added now | stopped stopped |

starting/launching nothing | - | starting/launching running |
starting/launching stop_timeout | changed now stop_timeout | starting/launching running |
starting/launching memory | changed next-cold-start memory | starting/launching running pending |
starting/launching memory+stop_timeout | changed next-cold-start memory stop_timeout(now) | starting/launching running pending |
starting/launching rights | changed next-cold-start owner | starting/launching running pending |
starting/launching memory-and-back | changed now memory | starting/launching running |
starting/launching boot=yes | changed now boot | starting/launching running |
starting/launching boot=always+memory | changed next-cold-start boot(now) memory | starting/launching running pending |
starting/launching boot=oneshot | changed now boot | starting/launching running |
starting/launching boot=no | changed stop boot(now) | stopping/killing stopped | quit
starting/launching boot=no+memory | changed stop boot(now) memory(next-cold-start) | stopping/killing stopped pending | quit
starting/launching eager,memory | changed restart memory | stopping/killing running pending | quit
starting/launching eager,stop_timeout | changed now stop_timeout | starting/launching running |
starting/launching eager,boot=no,memory | changed next-cold-start memory | starting/launching running pending |
starting/launching gone | removed stop-and-remove | stopping/killing stopped | quit
starting/launching gone-and-back | added stop | stopping/killing stopped |
starting/launching gone-and-back,yes | added restart | stopping/killing running |
starting/launching gone-and-back,memory | added stop | stopping/killing stopped pending |

running nothing | - | running running |
running stop_timeout | changed now stop_timeout | running running |
running memory | changed next-cold-start memory | running running pending |
running memory+stop_timeout | changed next-cold-start memory stop_timeout(now) | running running pending |
running rights | changed next-cold-start owner | running running pending |
running memory-and-back | changed now memory | running running |
running boot=yes | changed now boot | running running |
running boot=always+memory | changed next-cold-start boot(now) memory | running running pending |
running boot=oneshot | changed now boot | running running |
running boot=no | changed stop boot(now) | stopping/acpi stopped | press
running boot=no+memory | changed stop boot(now) memory(next-cold-start) | stopping/acpi stopped pending | press
running eager,memory | changed restart memory | stopping/acpi running pending | press
running eager,stop_timeout | changed now stop_timeout | running running |
running eager,boot=no,memory | changed next-cold-start memory | running running pending |
running gone | removed stop-and-remove | stopping/acpi stopped | press
running gone-and-back | added stop | stopping/acpi stopped |
running gone-and-back,yes | added restart | stopping/acpi running |
running gone-and-back,memory | added stop | stopping/acpi stopped pending |

running/rebooting nothing | - | running/rebooting running |
running/rebooting stop_timeout | changed now stop_timeout | running/rebooting running |
running/rebooting memory | changed next-cold-start memory | running/rebooting running pending |
running/rebooting memory+stop_timeout | changed next-cold-start memory stop_timeout(now) | running/rebooting running pending |
running/rebooting rights | changed next-cold-start owner | running/rebooting running pending |
running/rebooting memory-and-back | changed now memory | running/rebooting running |
running/rebooting boot=yes | changed now boot | running/rebooting running |
running/rebooting boot=always+memory | changed next-cold-start boot(now) memory | running/rebooting running pending |
running/rebooting boot=oneshot | changed now boot | running/rebooting running |
running/rebooting boot=no | changed stop boot(now) | stopping/acpi stopped | press
running/rebooting boot=no+memory | changed stop boot(now) memory(next-cold-start) | stopping/acpi stopped pending | press
running/rebooting eager,memory | changed restart memory | stopping/acpi running pending | press
running/rebooting eager,stop_timeout | changed now stop_timeout | running/rebooting running |
running/rebooting eager,boot=no,memory | changed next-cold-start memory | running/rebooting running pending |
running/rebooting gone | removed stop-and-remove | stopping/acpi stopped | press
running/rebooting gone-and-back | added stop | stopping/acpi stopped |
running/rebooting gone-and-back,yes | added restart | stopping/acpi running |
running/rebooting gone-and-back,memory | added stop | stopping/acpi stopped pending |

running/not-adopted nothing | - | running/not-adopted running pending |
running/not-adopted stop_timeout | changed next-cold-start stop_timeout | running/not-adopted running pending |
running/not-adopted memory | changed next-cold-start memory | running/not-adopted running pending |
running/not-adopted memory+stop_timeout | changed next-cold-start memory stop_timeout | running/not-adopted running pending |
running/not-adopted rights | changed next-cold-start owner | running/not-adopted running pending |
running/not-adopted memory-and-back | changed next-cold-start memory | running/not-adopted running pending |
running/not-adopted boot=yes | changed next-cold-start boot | running/not-adopted running pending |
running/not-adopted boot=always+memory | changed next-cold-start boot memory | running/not-adopted running pending |
running/not-adopted boot=oneshot | changed next-cold-start boot | running/not-adopted running pending |
running/not-adopted boot=no | changed next-cold-start boot | running/not-adopted running pending |
running/not-adopted boot=no+memory | changed next-cold-start boot memory | running/not-adopted running pending |
running/not-adopted eager,memory | changed next-cold-start memory | running/not-adopted running pending |
running/not-adopted eager,stop_timeout | changed next-cold-start stop_timeout | running/not-adopted running pending |
running/not-adopted eager,boot=no,memory | changed next-cold-start memory | running/not-adopted running pending |
running/not-adopted gone | removed remove-at-rest | running/not-adopted running pending |
running/not-adopted gone-and-back | added now | running/not-adopted running pending |
running/not-adopted gone-and-back,yes | added now | running/not-adopted running pending |
running/not-adopted gone-and-back,memory | added next-cold-start | running/not-adopted running pending |

paused nothing | - | paused paused |
paused stop_timeout | changed now stop_timeout | paused paused |
paused memory | changed next-cold-start memory | paused paused pending |
paused memory+stop_timeout | changed next-cold-start memory stop_timeout(now) | paused paused pending |
paused rights | changed next-cold-start owner | paused paused pending |
paused memory-and-back | changed now memory | paused paused |
paused boot=yes | changed now boot | paused paused |
paused boot=always+memory | changed next-cold-start boot(now) memory | paused paused pending |
paused boot=oneshot | changed now boot | paused paused |
paused boot=no | changed stop boot(now) | stopping/acpi stopped | resume press
paused boot=no+memory | changed stop boot(now) memory(next-cold-start) | stopping/acpi stopped pending | resume press
paused eager,memory | changed restart memory | stopping/acpi running pending | resume press
paused eager,stop_timeout | changed now stop_timeout | paused paused |
paused eager,boot=no,memory | changed next-cold-start memory | paused paused pending |
paused gone | removed stop-and-remove | stopping/acpi stopped | resume press
paused gone-and-back | added stop | stopping/acpi stopped |
paused gone-and-back,yes | added restart | stopping/acpi running |
paused gone-and-back,memory | added stop | stopping/acpi stopped pending |

stopping/acpi nothing | - | stopping/acpi stopped |
stopping/acpi stop_timeout | changed now stop_timeout | stopping/acpi stopped |
stopping/acpi memory | changed next-cold-start memory | stopping/acpi stopped pending |
stopping/acpi memory+stop_timeout | changed next-cold-start memory stop_timeout(now) | stopping/acpi stopped pending |
stopping/acpi rights | changed next-cold-start owner | stopping/acpi stopped pending |
stopping/acpi memory-and-back | changed now memory | stopping/acpi stopped |
stopping/acpi boot=yes | changed restart boot(now) | stopping/acpi running |
stopping/acpi boot=always+memory | changed restart boot(now) memory | stopping/acpi running pending |
stopping/acpi boot=oneshot | changed now boot | stopping/acpi stopped |
stopping/acpi boot=no | changed now boot | stopping/acpi stopped |
stopping/acpi boot=no+memory | changed next-cold-start boot(now) memory | stopping/acpi stopped pending |
stopping/acpi eager,memory | changed next-cold-start memory | stopping/acpi stopped pending |
stopping/acpi eager,stop_timeout | changed now stop_timeout | stopping/acpi stopped |
stopping/acpi eager,boot=no,memory | changed next-cold-start memory | stopping/acpi stopped pending |
stopping/acpi gone | removed remove-at-rest | stopping/acpi stopped |
stopping/acpi gone-and-back | added stop | stopping/acpi stopped |
stopping/acpi gone-and-back,yes | added restart | stopping/acpi running |
stopping/acpi gone-and-back,memory | added stop | stopping/acpi stopped pending |

stopping/killing nothing | - | stopping/killing stopped |
stopping/killing stop_timeout | changed now stop_timeout | stopping/killing stopped |
stopping/killing memory | changed next-cold-start memory | stopping/killing stopped pending |
stopping/killing memory+stop_timeout | changed next-cold-start memory stop_timeout(now) | stopping/killing stopped pending |
stopping/killing rights | changed next-cold-start owner | stopping/killing stopped pending |
stopping/killing memory-and-back | changed now memory | stopping/killing stopped |
stopping/killing boot=yes | changed restart boot(now) | stopping/killing running |
stopping/killing boot=always+memory | changed restart boot(now) memory | stopping/killing running pending |
stopping/killing boot=oneshot | changed now boot | stopping/killing stopped |
stopping/killing boot=no | changed now boot | stopping/killing stopped |
stopping/killing boot=no+memory | changed next-cold-start boot(now) memory | stopping/killing stopped pending |
stopping/killing eager,memory | changed next-cold-start memory | stopping/killing stopped pending |
stopping/killing eager,stop_timeout | changed now stop_timeout | stopping/killing stopped |
stopping/killing eager,boot=no,memory | changed next-cold-start memory | stopping/killing stopped pending |
stopping/killing gone | removed remove-at-rest | stopping/killing stopped |
stopping/killing gone-and-back | added stop | stopping/killing stopped |
stopping/killing gone-and-back,yes | added restart | stopping/killing running |
stopping/killing gone-and-back,memory | added stop | stopping/killing stopped pending |

stopping/poststop nothing | - | stopping/poststop stopped |
stopping/poststop stop_timeout | changed now stop_timeout | stopping/poststop stopped |
stopping/poststop memory | changed next-cold-start memory | stopping/poststop stopped pending |
stopping/poststop memory+stop_timeout | changed next-cold-start memory stop_timeout(now) | stopping/poststop stopped pending |
stopping/poststop rights | changed next-cold-start owner | stopping/poststop stopped pending |
stopping/poststop memory-and-back | changed now memory | stopping/poststop stopped |
stopping/poststop boot=yes | changed restart boot(now) | stopping/poststop running |
stopping/poststop boot=always+memory | changed restart boot(now) memory | stopping/poststop running pending |
stopping/poststop boot=oneshot | changed now boot | stopping/poststop stopped |
stopping/poststop boot=no | changed now boot | stopping/poststop stopped |
stopping/poststop boot=no+memory | changed next-cold-start boot(now) memory | stopping/poststop stopped pending |
stopping/poststop eager,memory | changed restart memory | stopping/poststop running pending |
stopping/poststop eager,stop_timeout | changed now stop_timeout | stopping/poststop stopped |
stopping/poststop eager,boot=no,memory | changed next-cold-start memory | stopping/poststop stopped pending |
stopping/poststop gone | removed remove-at-rest | stopping/poststop stopped |
stopping/poststop gone-and-back | added stop | stopping/poststop stopped |
stopping/poststop gone-and-back,yes | added restart | stopping/poststop running |
stopping/poststop gone-and-back,memory | added stop | stopping/poststop stopped pending |

failed nothing | - | failed stopped |
failed stop_timeout | changed now stop_timeout | failed stopped |
failed memory | changed now memory | failed stopped |
failed memory+stop_timeout | changed now memory stop_timeout | failed stopped |
failed rights | changed now owner | failed stopped |
failed memory-and-back | changed now memory | failed stopped |
failed boot=yes | changed start boot(now) | starting/launching running | network:prestart storage:prestart hook:prestart launch
failed boot=always+memory | changed start boot(now) memory(now) | starting/launching running | network:prestart storage:prestart hook:prestart launch
failed boot=oneshot | changed now boot | failed stopped |
failed boot=no | changed now boot | failed stopped |
failed boot=no+memory | changed now boot memory | failed stopped |
failed eager,memory | changed start memory(now) | failed running |
failed eager,stop_timeout | changed now stop_timeout | failed stopped |
failed eager,boot=no,memory | changed now memory | failed stopped |
failed gone | removed remove | gone |
failed gone-and-back | added now | stopped stopped |
failed gone-and-back,yes | added start | stopped running |
failed gone-and-back,memory | added now | stopped stopped |

failed/undo-pending nothing | - | failed/undo-pending stopped |
failed/undo-pending stop_timeout | changed now stop_timeout | failed/undo-pending stopped |
failed/undo-pending memory | changed next-cold-start memory | failed/undo-pending stopped pending |
failed/undo-pending memory+stop_timeout | changed next-cold-start memory stop_timeout(now) | failed/undo-pending stopped pending |
failed/undo-pending rights | changed next-cold-start owner | failed/undo-pending stopped pending |
failed/undo-pending memory-and-back | changed now memory | failed/undo-pending stopped |
failed/undo-pending boot=yes | changed restart boot(now) | failed/undo-pending running |
failed/undo-pending boot=always+memory | changed restart boot(now) memory | failed/undo-pending running pending |
failed/undo-pending boot=oneshot | changed now boot | failed/undo-pending stopped |
failed/undo-pending boot=no | changed now boot | failed/undo-pending stopped |
failed/undo-pending boot=no+memory | changed next-cold-start boot(now) memory | failed/undo-pending stopped pending |
failed/undo-pending eager,memory | changed restart memory | failed/undo-pending running pending |
failed/undo-pending eager,stop_timeout | changed now stop_timeout | failed/undo-pending stopped |
failed/undo-pending eager,boot=no,memory | changed next-cold-start memory | failed/undo-pending stopped pending |
failed/undo-pending gone | removed remove-at-rest | failed/undo-pending stopped |
failed/undo-pending gone-and-back | added now | failed/undo-pending stopped |
failed/undo-pending gone-and-back,yes | added restart | failed/undo-pending running |
failed/undo-pending gone-and-back,memory | added next-cold-start | failed/undo-pending stopped pending |
)";

}  // namespace apiary::test
