#include "expected_matrix.hpp"

namespace apiary::test {

// place, action | place after it, Target, Reason | what became of the command | what became of the job that was under
// way | what was asked of hypervisor, steps and supervisor.
std::string_view const expected_matrix = R"(
stopped start | starting/launching running requested | running | - | network:prestart storage:prestart hook:prestart launch
stopped stop | stopped stopped - | done | - |
stopped poweroff | stopped stopped - | done | - |
stopped reset | stopped stopped - | invalid-state | - |
stopped pause | stopped stopped - | invalid-state | - |
stopped resume | stopped stopped - | invalid-state | - |
stopped failreset | stopped stopped - | invalid-state | - |
stopped give-up | stopped stopped - | invalid-state | - |
stopped cancel | stopped stopped - | no-such-job | - |
stopped exit | stopped stopped - | - | - |
stopped reboot-exit | stopped stopped - | - | - |
stopped veto | stopped stopped - | - | - |
stopped timeout | stopped stopped - | - | - |
stopped reload | stopped stopped - | - | - |
stopped vanish | gone - - | - | - |

stopped/backoff start | starting/launching running requested | running | - | network:prestart storage:prestart hook:prestart launch
stopped/backoff stop | stopped stopped requested | done | - |
stopped/backoff poweroff | stopped stopped requested | done | - |
stopped/backoff reset | stopped/backoff running killed | invalid-state | - |
stopped/backoff pause | stopped/backoff running killed | invalid-state | - |
stopped/backoff resume | stopped/backoff running killed | invalid-state | - |
stopped/backoff failreset | stopped/backoff running killed | invalid-state | - |
stopped/backoff give-up | stopped/backoff running killed | invalid-state | - |
stopped/backoff cancel | stopped/backoff running killed | no-such-job | - |
stopped/backoff exit | stopped/backoff running killed | - | - |
stopped/backoff reboot-exit | stopped/backoff running killed | - | - |
stopped/backoff veto | stopped/backoff running killed | - | - |
stopped/backoff timeout | starting/launching running requested | - | - | network:prestart storage:prestart hook:prestart launch
stopped/backoff reload | stopped stopped requested | - | - |
stopped/backoff vanish | gone - - | - | - |

starting/waiting start | starting/waiting running requested | running | running |
starting/waiting stop | stopped stopped requested | done | superseded |
starting/waiting poweroff | stopped stopped requested | done | superseded |
starting/waiting reset | starting/waiting running requested | invalid-state | running |
starting/waiting pause | starting/waiting running requested | invalid-state | running |
starting/waiting resume | starting/waiting running requested | invalid-state | running |
starting/waiting failreset | starting/waiting running requested | invalid-state | running |
starting/waiting give-up | starting/waiting running requested | invalid-state | running |
starting/waiting cancel | stopped stopped requested | taken | canceled |
starting/waiting exit | starting/launching running requested | - | running | forget network:prestart hook:poststop storage:prestart storage:poststop hook:prestart network:poststop launch
starting/waiting reboot-exit | starting/waiting running requested | - | running | forget launch
starting/waiting veto | starting/waiting running requested | - | running |
starting/waiting timeout | starting/launching running requested | - | running | kill network:prestart forget hook:poststop storage:prestart storage:poststop hook:prestart network:poststop launch
starting/waiting reload | starting/launching running requested | - | running | network:prestart storage:prestart hook:prestart launch
starting/waiting vanish | gone - - | - | failed |

starting/queued start | starting/queued running requested | running | running |
starting/queued stop | stopped stopped requested | done | superseded |
starting/queued poweroff | stopped stopped requested | done | superseded |
starting/queued reset | starting/queued running requested | invalid-state | running |
starting/queued pause | starting/queued running requested | invalid-state | running |
starting/queued resume | starting/queued running requested | invalid-state | running |
starting/queued failreset | starting/queued running requested | invalid-state | running |
starting/queued give-up | starting/queued running requested | invalid-state | running |
starting/queued cancel | stopped stopped requested | taken | canceled |
starting/queued exit | starting/queued running requested | - | running |
starting/queued reboot-exit | starting/queued running requested | - | running |
starting/queued veto | starting/queued running requested | - | running |
starting/queued timeout | starting/queued running requested | - | running |
starting/queued reload | starting/queued running requested | - | running |
starting/queued vanish | gone - - | - | failed |

starting/prestart start | starting/prestart running requested | running | running |
starting/prestart stop | stopped stopped requested | done | superseded | storage:cancel storage:poststop network:poststop
starting/prestart poweroff | stopped stopped requested | done | superseded | storage:cancel storage:poststop network:poststop
starting/prestart reset | starting/prestart running requested | invalid-state | running |
starting/prestart pause | starting/prestart running requested | invalid-state | running |
starting/prestart resume | starting/prestart running requested | invalid-state | running |
starting/prestart failreset | starting/prestart running requested | invalid-state | running |
starting/prestart give-up | starting/prestart running requested | invalid-state | running |
starting/prestart cancel | stopped stopped requested | taken | canceled | storage:cancel storage:poststop network:poststop
starting/prestart exit | starting/prestart running requested | - | running |
starting/prestart reboot-exit | starting/prestart running requested | - | running |
starting/prestart veto | stopped stopped veto | - | failed | network:poststop
starting/prestart timeout | failed stopped step-timeout | - | timeout | storage:cancel storage:poststop network:poststop
starting/prestart reload | starting/prestart running requested | - | running |
starting/prestart vanish | gone - - | - | failed | storage:cancel storage:poststop network:poststop

starting/loading start | starting/loading running requested | running | running |
starting/loading stop | stopped stopped requested | done | superseded | kill forget hook:poststop storage:poststop network:poststop
starting/loading poweroff | stopped stopped requested | done | superseded | kill forget hook:poststop storage:poststop network:poststop
starting/loading reset | starting/loading running requested | invalid-state | running |
starting/loading pause | starting/loading running requested | invalid-state | running |
starting/loading resume | starting/loading running requested | invalid-state | running |
starting/loading failreset | starting/loading running requested | invalid-state | running |
starting/loading give-up | starting/loading running requested | invalid-state | running |
starting/loading cancel | stopped stopped requested | taken | canceled | kill forget hook:poststop storage:poststop network:poststop
starting/loading exit | failed stopped guest-panic | - | failed | forget hook:poststop storage:poststop network:poststop
starting/loading reboot-exit | stopped stopped guest-reboot | - | failed | forget hook:poststop storage:poststop network:poststop
starting/loading veto | starting/loading running requested | - | running |
starting/loading timeout | failed stopped loader-timeout | - | timeout | kill forget hook:poststop storage:poststop network:poststop
starting/loading reload | starting/loading running requested | - | running |
starting/loading vanish | gone - - | - | failed | kill forget hook:poststop storage:poststop network:poststop

starting/launching start | starting/launching running requested | running | running |
starting/launching stop | stopping/killing stopped requested | running | superseded | quit
starting/launching poweroff | stopping/killing stopped requested | running | superseded | quit
starting/launching reset | starting/launching running requested | invalid-state | running |
starting/launching pause | starting/launching running requested | invalid-state | running |
starting/launching resume | starting/launching running requested | invalid-state | running |
starting/launching failreset | starting/launching running requested | invalid-state | running |
starting/launching give-up | starting/launching running requested | invalid-state | running |
starting/launching cancel | stopping/killing stopped requested | taken | running | quit
starting/launching exit | failed stopped guest-panic | - | failed | forget hook:poststop storage:poststop network:poststop
starting/launching reboot-exit | starting/launching running requested | - | running | forget launch
starting/launching veto | starting/launching running requested | - | running |
starting/launching timeout | failed stopped loader-timeout | - | timeout | kill forget hook:poststop storage:poststop network:poststop
starting/launching reload | starting/launching running requested | - | running |
starting/launching vanish | stopping/killing stopped requested | - | running | quit

running start | running running requested | done | - |
running stop | stopping/acpi stopped requested | running | - | press
running poweroff | stopping/killing stopped requested | running | - | quit
running reset | running running requested | running | - | reset
running pause | running paused requested | running | - | pause
running resume | running running requested | done | - |
running failreset | running running requested | invalid-state | - |
running give-up | running running requested | invalid-state | - |
running cancel | running running requested | no-such-job | - |
running exit | failed stopped guest-panic | - | - | forget hook:poststop storage:poststop network:poststop
running reboot-exit | running/rebooting running guest-reboot | - | - | forget launch
running veto | running running requested | - | - |
running timeout | running running requested | - | - |
running reload | running running requested | - | - |
running vanish | stopping/acpi stopped requested | - | - | press

running/rebooting start | running/rebooting running guest-reboot | done | - |
running/rebooting stop | stopping/acpi stopped requested | running | - | press
running/rebooting poweroff | stopping/killing stopped requested | running | - | quit
running/rebooting reset | running/rebooting running guest-reboot | running | - | reset
running/rebooting pause | running/rebooting paused guest-reboot | running | - | pause
running/rebooting resume | running/rebooting running guest-reboot | done | - |
running/rebooting failreset | running/rebooting running guest-reboot | invalid-state | - |
running/rebooting give-up | running/rebooting running guest-reboot | invalid-state | - |
running/rebooting cancel | running/rebooting running guest-reboot | no-such-job | - |
running/rebooting exit | failed stopped guest-panic | - | - | forget hook:poststop storage:poststop network:poststop
running/rebooting reboot-exit | running/rebooting running guest-reboot | - | - | forget launch
running/rebooting veto | running/rebooting running guest-reboot | - | - |
running/rebooting timeout | running running requested | - | - |
running/rebooting reload | running/rebooting running guest-reboot | - | - |
running/rebooting vanish | stopping/acpi stopped requested | - | - | press

running/not-adopted start | running/not-adopted running recovered | invalid-state | - |
running/not-adopted stop | running/not-adopted running recovered | invalid-state | - |
running/not-adopted poweroff | stopped stopped requested | done | - | signal 9 forget
running/not-adopted reset | running/not-adopted running recovered | invalid-state | - |
running/not-adopted pause | running/not-adopted running recovered | invalid-state | - |
running/not-adopted resume | running/not-adopted running recovered | invalid-state | - |
running/not-adopted failreset | running/not-adopted running recovered | invalid-state | - |
running/not-adopted give-up | running/not-adopted running recovered | invalid-state | - |
running/not-adopted cancel | running/not-adopted running recovered | no-such-job | - |
running/not-adopted exit | failed stopped unknown | - | - | forget
running/not-adopted reboot-exit | failed stopped unknown | - | - | forget
running/not-adopted veto | running/not-adopted running recovered | - | - |
running/not-adopted timeout | running/not-adopted running recovered | - | - |
running/not-adopted reload | running/not-adopted running recovered | - | - |
running/not-adopted vanish | running/not-adopted running recovered | - | - |

paused start | paused paused requested | invalid-state | - |
paused stop | stopping/acpi stopped requested | running | - | resume press
paused poweroff | stopping/killing stopped requested | running | - | quit
paused reset | paused paused requested | running | - | reset
paused pause | paused paused requested | done | - |
paused resume | paused running requested | running | - | resume
paused failreset | paused paused requested | invalid-state | - |
paused give-up | paused paused requested | invalid-state | - |
paused cancel | paused paused requested | no-such-job | - |
paused exit | failed stopped guest-panic | - | - | forget hook:poststop storage:poststop network:poststop
paused reboot-exit | running/rebooting paused guest-reboot | - | - | forget launch
paused veto | paused paused requested | - | - |
paused timeout | paused paused requested | - | - |
paused reload | paused paused requested | - | - |
paused vanish | stopping/acpi stopped requested | - | - | resume press

stopping/acpi start | stopping/acpi stopped requested | invalid-state | running |
stopping/acpi stop | stopping/acpi stopped requested | running | running |
stopping/acpi poweroff | stopping/killing stopped requested | running | superseded | quit
stopping/acpi reset | stopping/acpi stopped requested | invalid-state | running |
stopping/acpi pause | stopping/acpi stopped requested | invalid-state | running |
stopping/acpi resume | stopping/acpi stopped requested | invalid-state | running |
stopping/acpi failreset | stopping/acpi stopped requested | invalid-state | running |
stopping/acpi give-up | stopping/acpi stopped requested | invalid-state | running |
stopping/acpi cancel | running running requested | taken | canceled |
stopping/acpi exit | stopped stopped requested | - | done | forget hook:poststop storage:poststop network:poststop
stopping/acpi reboot-exit | stopped stopped requested | - | done | forget hook:poststop storage:poststop network:poststop
stopping/acpi veto | stopping/acpi stopped requested | - | running |
stopping/acpi timeout | stopping/killing stopped stop-timeout | - | running | quit
stopping/acpi reload | stopping/acpi stopped requested | - | running |
stopping/acpi vanish | stopping/acpi stopped requested | - | running |

stopping/killing start | stopping/killing stopped requested | invalid-state | running |
stopping/killing stop | stopping/killing stopped requested | running | running |
stopping/killing poweroff | stopping/killing stopped requested | running | running |
stopping/killing reset | stopping/killing stopped requested | invalid-state | running |
stopping/killing pause | stopping/killing stopped requested | invalid-state | running |
stopping/killing resume | stopping/killing stopped requested | invalid-state | running |
stopping/killing failreset | stopping/killing stopped requested | invalid-state | running |
stopping/killing give-up | stopping/killing stopped requested | invalid-state | running |
stopping/killing cancel | stopping/killing stopped requested | not-cancelable | running |
stopping/killing exit | stopped stopped requested | - | done | forget hook:poststop storage:poststop network:poststop
stopping/killing reboot-exit | stopped stopped requested | - | done | forget hook:poststop storage:poststop network:poststop
stopping/killing veto | stopping/killing stopped requested | - | running |
stopping/killing timeout | stopped stopped requested | - | done | kill forget hook:poststop storage:poststop network:poststop
stopping/killing reload | stopping/killing stopped requested | - | running |
stopping/killing vanish | stopping/killing stopped requested | - | running |

stopping/poststop start | stopping/poststop stopped guest-poweroff | invalid-state | - |
stopping/poststop stop | stopping/poststop stopped guest-poweroff | running | - |
stopping/poststop poweroff | stopping/poststop stopped guest-poweroff | running | - |
stopping/poststop reset | stopping/poststop stopped guest-poweroff | invalid-state | - |
stopping/poststop pause | stopping/poststop stopped guest-poweroff | invalid-state | - |
stopping/poststop resume | stopping/poststop stopped guest-poweroff | invalid-state | - |
stopping/poststop failreset | stopping/poststop stopped guest-poweroff | invalid-state | - |
stopping/poststop give-up | stopping/poststop stopped guest-poweroff | invalid-state | - |
stopping/poststop cancel | stopping/poststop stopped guest-poweroff | no-such-job | - |
stopping/poststop exit | stopping/poststop stopped guest-poweroff | - | - |
stopping/poststop reboot-exit | stopping/poststop stopped guest-poweroff | - | - |
stopping/poststop veto | failed/undo-pending stopped step-failed | - | - | network:poststop
stopping/poststop timeout | failed/undo-pending stopped step-failed | - | - | network:poststop
stopping/poststop reload | stopping/poststop stopped guest-poweroff | - | - |
stopping/poststop vanish | stopping/poststop stopped guest-poweroff | - | - |

failed start | starting/launching running requested | running | - | network:prestart storage:prestart hook:prestart launch
failed stop | failed stopped killed | done | - |
failed poweroff | failed stopped killed | done | - |
failed reset | failed stopped killed | invalid-state | - |
failed pause | failed stopped killed | invalid-state | - |
failed resume | failed stopped killed | invalid-state | - |
failed failreset | stopped stopped requested | done | - |
failed give-up | stopped stopped requested | done | - |
failed cancel | failed stopped killed | no-such-job | - |
failed exit | failed stopped killed | - | - |
failed reboot-exit | failed stopped killed | - | - |
failed veto | failed stopped killed | - | - |
failed timeout | failed stopped killed | - | - |
failed reload | failed stopped killed | - | - |
failed vanish | gone - - | - | - |

failed/undo-pending start | failed/undo-pending stopped step-failed | undo-pending | - |
failed/undo-pending stop | failed/undo-pending stopped step-failed | done | - |
failed/undo-pending poweroff | failed/undo-pending stopped step-failed | done | - |
failed/undo-pending reset | failed/undo-pending stopped step-failed | invalid-state | - |
failed/undo-pending pause | failed/undo-pending stopped step-failed | invalid-state | - |
failed/undo-pending resume | failed/undo-pending stopped step-failed | invalid-state | - |
failed/undo-pending failreset | failed stopped step-failed | done | - | storage:poststop
failed/undo-pending give-up | stopped stopped requested | done | - |
failed/undo-pending cancel | failed/undo-pending stopped step-failed | no-such-job | - |
failed/undo-pending exit | failed/undo-pending stopped step-failed | - | - |
failed/undo-pending reboot-exit | failed/undo-pending stopped step-failed | - | - |
failed/undo-pending veto | failed/undo-pending stopped step-failed | - | - |
failed/undo-pending timeout | failed stopped step-failed | - | - | storage:poststop
failed/undo-pending reload | failed/undo-pending stopped step-failed | - | - |
failed/undo-pending vanish | failed/undo-pending stopped step-failed | - | - |
)";

}  // namespace apiary::test
