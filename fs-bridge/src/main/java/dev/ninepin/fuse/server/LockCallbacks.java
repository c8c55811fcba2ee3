package dev.ninepin.fuse.server;

import dev.ninepin.fuse.lib.LowLevelOps;
import dev.ninepin.fuse.lib.Native;
import dev.ninepin.operations.FileLock;
import dev.ninepin.operations.FileOperations;
import dev.ninepin.operations.KernelData;
import dev.ninepin.operations.LockMode;
import java.util.Optional;
import jnr.ffi.Pointer;

/**
 * The callbacks for locks, a part of {@link Callbacks}. They run on {@link Worker} threads. The numbers are those of
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

    private final FileOperations files;
    private final Server server;
    private final KernelData kernel;

    /**
     * A function that runs an operation on a node for a request, with {@code onlyWaits} as in {@link
     * RequestSlot#enter}.
     */
    @FunctionalInterface
    interface Server {
        void serve(String name, long request, long node, boolean onlyWaits, Callbacks.Operation operation);
    }

    /** @param kernel makes the kernel drop its data of a file */
    LockCallbacks(final FileOperations files, final Server server, final KernelData kernel) {
        this.files = files;
        this.server = server;
        this.kernel = kernel;
    }

    void fill(final LowLevelOps ops) {
        ops.getlk.set(this::getlk);
        ops.setlk.set(this::setlk);
        ops.flock.set(this::flock);
    }

    private void getlk(final long request, final long node, final long info, final long lock) {
        server.serve("getlk", request, node, false, worker -> {
            final Optional<FileLock> found = files.lockInTheWay(wanted(worker, info, lock));
            if (found.isPresent()) {
                final FileLock other = found.get();
                final short type = other.mode() == LockMode.SHARED ? F_RDLCK : F_WRLCK;
                worker.reply.lock(other.first(), other.last(), type, other.pid());
            } else {
                worker.reply.lock(0, FileLock.TO_THE_END, F_UNLCK, NOBODY);
            }
        });
    }

    private void setlk(final long request, final long node, final long info, final long lock, final int sleep) {
        server.serve("setlk", request, node, sleep != 0, worker -> {
            files.lock(wanted(worker, info, lock), sleep != 0, kernel);
            worker.reply.done();
        });
    }

    private void flock(final long request, final long node, final long info, final int operation) {
        final boolean wait = (operation & LOCK_NB) == 0;
        server.serve("flock", request, node, wait, worker -> {
            final LockMode mode =
                    switch (operation & ~LOCK_NB) {
                        case LOCK_SH -> LockMode.SHARED;
                        case LOCK_EX -> LockMode.EXCLUSIVE;
                        default -> LockMode.NONE;
                    };
            files.flock(FileLock.whole(worker.lockOwner(info), worker.handle(info), NOBODY, mode), wait, kernel);
            worker.reply.done();
        });
    }

    private static FileLock wanted(final Worker worker, final long info, final long lock) {
        final Pointer flock = Native.at(lock);
        final LockMode mode =
                switch (flock.getShort(0)) {
                    case F_RDLCK -> LockMode.SHARED;
                    case F_WRLCK -> LockMode.EXCLUSIVE;
                    default -> LockMode.NONE;
                };
        final long start = flock.getLong(START);
        final long length = flock.getLong(LENGTH);
        return new FileLock(
                worker.lockOwner(info),
                worker.handle(info),
                flock.getInt(PID),
                mode,
                start,
                length == 0 ? FileLock.TO_THE_END : start + length - 1);
    }
}
