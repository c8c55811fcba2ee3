package dev.ninepin.fuse.server;

import dev.ninepin.fuse.lib.LowLevelOps;
import dev.ninepin.fuse.protocol.RequestKind;
import dev.ninepin.operations.Created;
import dev.ninepin.operations.FileOperations;
import dev.ninepin.operations.KernelCache;
import dev.ninepin.operations.ReadResult;
import dev.ninepin.p9.OpenFlags;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.LongAdder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The callbacks for regular files and their data, a part of {@link Callbacks}. */
final class FileCallbacks {
    private static final Logger LOG = LoggerFactory.getLogger(FileCallbacks.class);

    final LongAdder bytesRead = new LongAdder();
    final LongAdder bytesWritten = new LongAdder();

    private final Requests requests;
    private final Credentials credentials;
    private final FileOperations files;
    private final KernelCache kernel;
    private final DirectIo directIo;
    private final LateReplies lateReplies;

    FileCallbacks(
            final Requests requests,
            final Credentials credentials,
            final FileOperations files,
            final KernelCache kernel,
            final DirectIo directIo,
            final LateReplies lateReplies) {
        this.requests = requests;
        this.credentials = credentials;
        this.files = files;
        this.kernel = kernel;
        this.directIo = directIo;
        this.lateReplies = lateReplies;
    }

    void fill(final LowLevelOps ops) {
        ops.open.set(this::open);
        ops.create.set(this::create);
        ops.read.set(this::read);
        ops.write.set(this::write);
        ops.flush.set(this::flush);
        ops.release.set(this::release);
        ops.fsync.set(this::fsync);
    }

    private void open(final long request, final long node, final long info) {
        requests.serve("open", request, node, (received, reply) -> {
            final int flags = received.openFlags(info);
            final long handle = credentials.forCaller(request).open(node, flags, kernel);
            // A flush tells the file system that a writer has closed its descriptor, and which owner's locks to
            // release.
            final boolean flush = files.takesLocks() || OpenFlags.writes(flags);
            Requests.give(() -> reply.opened(handle, flush, directIo.isFor(handle)), () -> files.release(handle));
        });
    }

    private void create(final long request, final long parent, final long name, final int mode, final long info) {
        requests.serve("create", request, parent, (received, reply) -> {
            final int flags = received.openFlags(info);
            final FileOperations view = credentials.forCaller(request);
            final Created created = received.kind() == RequestKind.CREATE_UNNAMED
                    ? view.createUnnamed(credentials.caller(request), parent, flags, mode)
                    : view.create(credentials.caller(request), parent, received.name(name), flags, mode, kernel);
            Requests.give(() -> reply.created(created.entry(), created.handle(), directIo.isForAll()), () -> {
                files.release(created.handle());
                files.forget(created.entry().node(), 1);
            });
        });
    }

    private void read(final long request, final long node, final long size, final long offset, final long info) {
        requests.serve("read", request, node, (received, reply) -> {
            final long handle = received.handle(info);
            final int count = Math.toIntExact(size);
            try (ReadResult result = received.kind() == RequestKind.READ_WITHOUT_PAGES
                    ? files.readWithoutPages(handle, offset, count)
                    : files.read(handle, offset, count)) {
                final ByteBuffer data = result.data();
                bytesRead.add(data.remaining());
                reply.data(data);
            }
        });
    }

    private void write(
            final long request, final long node, final long data, final long size, final long offset, final long info) {
        requests.serve("write", request, node, (received, reply) -> {
            final long handle = received.handle(info);
            if (received.losesSetId()) {
                credentials.forOpener(handle).loseSetId(handle);
            }
            Runnable answer;
            try {
                final int flags = received.openFlags(info);
                final int count = received.isWritingPageBack(info)
                        ? files.writePages(handle, offset, received.data(data, size), flags)
                        : files.write(handle, offset, received.data(data, size), flags);
                bytesWritten.add(count);
                answer = () -> reply.written(count);
            } catch (final IOException e) {
                // The server may have written a part of the data nevertheless.
                answer = () -> requests.fail("write", node, received, reply, e);
            }
            if (!received.isWritingPageBack(info)) {
                dropOlder(handle, node, offset, received.data(data, size), answer);
            }
            if (!reply.isSent()) {
                answer.run();
            }
        });
    }

    /**
     * Makes the kernel drop older pages of the bytes just written. A failure is only logged, because the write itself
     * has succeeded or failed already. {@code answer} sends the reply to the write if the drop takes long.
     */
    private void dropOlder(
            final long handle, final long node, final long offset, final ByteBuffer written, final Runnable answer) {
        try {
            files.written(handle, offset, written, work -> lateReplies.run(work, answer), kernel);
        } catch (final Throwable e) {
            LOG.warn("cannot drop stale pages of {}", files.pathOf(node), e);
        }
    }

    private void flush(final long request, final long node, final long info) {
        requests.serve("flush", request, node, (received, reply) -> {
            files.flush(received.handle(info), received.lockOwner(info));
            reply.done();
        });
    }

    private void release(final long request, final long node, final long info) {
        requests.serve("release", request, node, (received, reply) -> {
            files.release(received.handle(info));
            reply.done();
        });
    }

    private void fsync(final long request, final long node, final int dataOnly, final long info) {
        requests.serve("fsync", request, node, (received, reply) -> {
            files.fsync(received.handle(info), dataOnly != 0);
            reply.done();
        });
    }
}
