/*
 * A library to preload into linux.uml on processors whose extended state is larger than the kernel expects, such as
 * those with AMX. User-mode Linux 6.1 sets the 2696 bytes of the state up to AVX-512, and the host's kernel refuses
 * any size but the whole (EFAULT). This ptrace() completes the state with what the traced process has.
 *
 *   gcc -shared -fPIC -o uml-xstate.so uml-xstate.c && LD_PRELOAD=./uml-xstate.so linux.uml ...
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <elf.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>

typedef long ptrace_function(enum __ptrace_request request, ...);

long ptrace(enum __ptrace_request request, ...) {
    static char state[64 * 1024];
    va_list arguments;
    va_start(arguments, request);
    long pid = va_arg(arguments, long);
    void *address = va_arg(arguments, void *);
    void *data = va_arg(arguments, void *);
    va_end(arguments);
    ptrace_function *next = (ptrace_function *)dlsym(RTLD_NEXT, "ptrace");
    struct iovec whole = {state, sizeof state};
    if (request == PTRACE_SETREGSET && address == (void *)NT_X86_XSTATE
        && next(PTRACE_GETREGSET, pid, address, &whole) == 0) {
        struct iovec *given = data;
        if (given->iov_len < whole.iov_len) {
            memcpy(state, given->iov_base, given->iov_len);
            data = &whole;
        }
    }
    return next(request, pid, address, data);
}
