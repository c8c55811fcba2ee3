package dev.ninepin.fuse.server;

import dev.ninepin.fuse.lib.LowLevelOps;
import dev.ninepin.fuse.protocol.DirentBuffer;
import dev.ninepin.fuse.protocol.DirentPlusBuffer;
import dev.ninepin.fuse.protocol.RequestKind;
import dev.ninepin.operations.Entry;
import dev.ninepin.operations.Errno;
import dev.ninepin.operations.FileOperations;
import java.util.List;
import java.util.Optional;

/** The callbacks for open directories, a part of {@link Callbacks}. */
final class DirectoryCallbacks {
    /**
     * The most entries in the first READDIRPLUS reply for a directory. The kernel always starts with READDIRPLUS,
     * before it can know whether the program needs more than names. It goes on with READDIRPLUS only if the program
     * does. A program that needs only names would wait for lookups that it never uses.
     */
    private static final int FIRST_ENTRIES = 64;

    private final Requests requests;
    private final Credentials credentials;
    private final FileOperations files;

    DirectoryCallbacks(final Requests requests, final Credentials credentials, final FileOperations files) {
        this.requests = requests;
        this.credentials = credentials;
        this.files = files;
    }

    void fill(final LowLevelOps ops) {
        ops.opendir.set(this::opendir);
        ops.readdir.set(this::readdir);
        ops.releasedir.set(this::releasedir);
        ops.fsyncdir.set(this::fsyncdir);
    }

    private void opendir(final long request, final long node, final long info) {
        requests.serve("opendir", request, node, (received, reply) -> {
            final long handle = credentials.forCaller(request).opendir(node);
            Requests.give(() -> reply.opened(handle), () -> files.releasedir(handle));
        });
    }

    private void readdir(final long request, final long node, final long size, final long offset, final long info) {
        if (Worker.current().received.kind() == RequestKind.READ_DIRECTORY_PLUS) {
            readdirPlus(request, node, size, offset, info);
            return;
        }
        requests.serve("readdir", request, node, (received, reply) -> {
            final DirentBuffer entries = reply.direntBuffer(size);
            files.readdir(received.handle(info), offset, entries);
            if (entries.isTooSmall()) {
                reply.error(Errno.EINVAL);
            } else {
                reply.entries(entries);
            }
        });
    }

    private void readdirPlus(final long request, final long node, final long size, final long offset, final long info) {
        requests.serve("readdirplus", request, node, (received, reply) -> {
            final DirentPlusBuffer entries =
                    reply.direntPlusBuffer(size, offset == 0 ? FIRST_ENTRIES : Integer.MAX_VALUE);
            final long since = files.readdir(received.handle(info), offset, entries);
            if (entries.isTooSmall()) {
                reply.error(Errno.EINVAL);
                return;
            }
            final List<Optional<Entry>> found =
                    credentials.forCaller(request).lookupAll(node, entries.entries(), since);
            Requests.give(
                    () -> reply.entries(entries, found),
                    () -> found.forEach(each -> each.ifPresent(entry -> files.forget(entry.node(), 1))));
        });
    }

    private void releasedir(final long request, final long node, final long info) {
        requests.serve("releasedir", request, node, (received, reply) -> {
            files.releasedir(received.handle(info));
            reply.done();
        });
    }

    private void fsyncdir(final long request, final long node, final int dataOnly, final long info) {
        requests.serve("fsyncdir", request, node, (received, reply) -> {
            files.fsyncdir(received.handle(info), dataOnly != 0);
            reply.done();
        });
    }
}
