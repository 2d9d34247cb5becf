/* Crashes before anybody has asked it anything. */
#include <signal.h>

__attribute__((constructor)) static void crash(void) {
    signal(SIGSEGV, SIG_DFL); /* a sanitizer would make an exit of it */
    raise(SIGSEGV);
}
