package dev.ninepin.fuse.server;

import dev.ninepin.fuse.lib.LibFuse;
import dev.ninepin.fuse.lib.LowLevelOps;
import dev.ninepin.fuse.lib.Native;
import dev.ninepin.operations.FileOperations;
import dev.ninepin.session.exchange.OperationRecorder;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.BooleanSupplier;
import java.util.function.ToIntFunction;
import jnr.ffi.Pointer;
import jnr.ffi.Struct;

/**
 * The callbacks that libfuse calls, in one table for each group: {@link NameCallbacks}, {@link AttributeCallbacks},
 * {@link FileCallbacks}, {@link DirectoryCallbacks}, {@link XattrCallbacks}, {@link LockCallbacks}. Each callback
 * translates its arguments into a call of {@link FileOperations}, and the result into the reply. The callbacks run on
 * {@link Worker} threads.
 *
 * <p>The object must stay reachable for as long as the session lives, because native code calls into it.
 */
public final class Callbacks {
    private static final int CAPABLE = 20;
    private static final int WANTED = 24;

    /** FUSE_CAP_DONT_MASK: each request carries the umask, and the file system applies it instead of the kernel. */
    private static final int DONT_MASK = 1 << 6;

    private final Readiness readiness = new Readiness();
    private final LowLevelOps ops = new LowLevelOps();
    private final Pointer opsMemory = Native.allocate(ops);
    private final Requests requests;
    private final FileCallbacks data;

    /**
     * @param errnoOf translates an exception of {@code files} into an errno
     * @param canMapUncached as in {@link DirectIo}
     */
    Callbacks(
            final LibFuse fuse,
            final FileOperations files,
            final ToIntFunction<Throwable> errnoOf,
            final Notifications kernel,
            final Interrupts interrupts,
            final LateReplies lateReplies,
            final BooleanSupplier canMapUncached) {
        final Failures failures = new Failures(files, errnoOf);
        final Credentials credentials = new Credentials(fuse, files);
        final Refusals refusals = new Refusals(files, failures::isRefusal);
        final DirectIo directIo = new DirectIo(files, canMapUncached);
        requests = new Requests(fuse, failures, interrupts);
        data = new FileCallbacks(requests, credentials, files, kernel, directIo, lateReplies);
        ops.init.set(this::init);
        new NameCallbacks(requests, credentials, refusals, files).fill(ops);
        new AttributeCallbacks(requests, credentials, refusals, files, kernel, directIo, readiness).fill(ops);
        data.fill(ops);
        new DirectoryCallbacks(requests, credentials, files).fill(ops);
        new XattrCallbacks(requests, credentials, kernel).fill(ops);
        if (files.takesLocks()) {
            // Without these callbacks, the kernel handles locks locally.
            new LockCallbacks(requests, files, kernel).fill(ops);
        }
    }

    /** Returns the callback table for {@link LibFuse#fuse_lowlevel_new}; {@link #tableSize} is its size in bytes. */
    Pointer table() {
        return opsMemory;
    }

    int tableSize() {
        return Struct.size(ops);
    }

    /**
     * Requests {@link #DONT_MASK} if the kernel supports it. In libfuse 2.9's {@code struct fuse_conn_info}, {@code
     * capable} comes directly before {@code want}.
     */
    private void init(final long userData, final long connection) {
        final Pointer terms = Native.at(connection);
        terms.putInt(WANTED, terms.getInt(WANTED) | (terms.getInt(CAPABLE) & DONT_MASK));
        readiness.initialised();
    }

    /** Returns the evidence that the mount is usable. */
    public Readiness readiness() {
        return readiness;
    }

    /** Returns the record of the operations that were served. */
    public OperationRecorder recorder() {
        return requests.recorder;
    }

    /** Returns the number of bytes that programs have read. */
    public LongAdder bytesRead() {
        return data.bytesRead;
    }

    /** Returns the number of bytes that programs have written. */
    public LongAdder bytesWritten() {
        return data.bytesWritten;
    }
}
