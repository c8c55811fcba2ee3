package dev.ninepin.fuse.server;

import dev.ninepin.fuse.lib.LowLevelOps;
import dev.ninepin.fuse.lib.Native;
import dev.ninepin.fuse.protocol.ReceivedRequest;
import dev.ninepin.operations.FileLock;
import dev.ninepin.operations.FileOperations;
import dev.ninepin.operations.KernelCache;
import dev.ninepin.operations.LockMode;
import java.util.Optional;
import jnr.ffi.Pointer;

/**
 * The callbacks for locks, a part of {@link Callbacks}. The numbers are those of
 * Linux on x86-64 and aarch64.
 */
final class LockCallbacks {
    // Offsets in struct flock: type[2] whence[2] padding[4] start[8] length[8] pid[4]. libfuse always sets whence to
    // SEEK_SET.
    private static final int START = 8;
    private static final int LENGTH = 16;
    private static final int PID = 24;

    private static final short F_RDLCK = 0;
    private static final short F_WRLCK = 1;
    private static final short F_UNLCK = 2;

    private static final int LOCK_SH = 1;
    private static final int LOCK_EX = 2;
    private static final int LOCK_NB = 4;

    private static final int NOBODY = 0;

    private final Requests requests;
    private final FileOperations files;
    private final KernelCache kernel;

    LockCallbacks(final Requests requests, final FileOperations files, final KernelCache kernel) {
        this.requests = requests;
        this.files = files;
        this.kernel = kernel;
    }

    void fill(final LowLevelOps ops) {
        ops.getlk.set(this::getlk);
        ops.setlk.set(this::setlk);
        ops.flock.set(this::flock);
    }

    private void getlk(final long request, final long node, final long info, final long lock) {
        requests.serve("getlk", request, node, false, (received, reply) -> {
            final Optional<FileLock> found = files.lockInTheWay(wanted(received, info, lock));
            if (found.isPresent()) {
                final FileLock other = found.get();
                final short type = other.mode() == LockMode.SHARED ? F_RDLCK : F_WRLCK;
                reply.lock(other.first(), other.last(), type, other.pid());
            } else {
                reply.lock(0, FileLock.TO_THE_END, F_UNLCK, NOBODY);
            }
        });
    }

    private void setlk(final long request, final long node, final long info, final long lock, final int sleep) {
        // An unlock waits only for the file's writes, and must not fail.
        final boolean waits = sleep != 0 && modeOf(lock) != LockMode.NONE;
        requests.serve("setlk", request, node, waits, (received, reply) -> {
            files.lock(wanted(received, info, lock), sleep != 0, kernel);
            reply.done();
        });
    }

    private void flock(final long request, final long node, final long info, final int operation) {
        final boolean wait = (operation & LOCK_NB) == 0;
        final LockMode mode =
                switch (operation & ~LOCK_NB) {
                    case LOCK_SH -> LockMode.SHARED;
                    case LOCK_EX -> LockMode.EXCLUSIVE;
                    default -> LockMode.NONE;
                };
        requests.serve("flock", request, node, wait && mode != LockMode.NONE, (received, reply) -> {
            files.flock(FileLock.whole(received.lockOwner(info), received.handle(info), NOBODY, mode), wait, kernel);
            reply.done();
        });
    }

    private static LockMode modeOf(final long lock) {
        return switch (Native.at(lock).getShort(0)) {
            case F_RDLCK -> LockMode.SHARED;
            case F_WRLCK -> LockMode.EXCLUSIVE;
            default -> LockMode.NONE;
        };
    }

    private static FileLock wanted(final ReceivedRequest received, final long info, final long lock) {
        final Pointer flock = Native.at(lock);
        final long start = flock.getLong(START);
        final long length = flock.getLong(LENGTH);
        return new FileLock(
                received.lockOwner(info),
                received.handle(info),
                flock.getInt(PID),
                modeOf(lock),
                start,
                length == 0 ? FileLock.TO_THE_END : start + length - 1);
    }
}
