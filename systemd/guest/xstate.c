/*
 * A library for LD_PRELOAD that lets user-mode Linux run on a processor with AMX.
 *
 * Linux 6.1 reserves 2696 bytes for the extended registers of a process. The host returns that many if asked for them,
 * but a processor with AMX has 11008, and PTRACE_SETREGSET fails unless it gets all. User-mode Linux then panics at its
 * first process. This ptrace() adds the missing bytes as zeros, the initial state of AMX. No process in the guest uses
 * AMX, because the guest's kernel does not grant it.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

/* The size of the host's extended registers; 0 before it is known. The kernel is a single thread. */
static size_t size;
static char registers[1 << 16];

static long set_registers(pid_t pid, void *kind, const struct iovec *given)
{
    struct iovec whole = {registers, sizeof registers};

    if (size == 0) {
        if (syscall(SYS_ptrace, PTRACE_GETREGSET, pid, kind, &whole) < 0)
            return -1;
        size = whole.iov_len;
        memset(registers, 0, sizeof registers);
    }
    if (given->iov_len >= size)
        return syscall(SYS_ptrace, PTRACE_SETREGSET, pid, kind, given);
    memcpy(registers, given->iov_base, given->iov_len);
    whole.iov_len = size;
    return syscall(SYS_ptrace, PTRACE_SETREGSET, pid, kind, &whole);
}

long ptrace(enum __ptrace_request request, ...)
{
    va_list list;
    va_start(list, request);
    pid_t pid = va_arg(list, pid_t);
    void *address = va_arg(list, void *);
    void *data = va_arg(list, void *);
    va_end(list);

    if (request == PTRACE_SETREGSET && address == (void *) NT_X86_XSTATE)
        return set_registers(pid, address, data);
    /* The system call stores what is read, and the function returns it. */
    if (request == PTRACE_PEEKTEXT || request == PTRACE_PEEKDATA || request == PTRACE_PEEKUSER) {
        long value;
        return syscall(SYS_ptrace, request, pid, address, &value) < 0 ? -1 : value;
    }
    return syscall(SYS_ptrace, request, pid, address, data);
}
