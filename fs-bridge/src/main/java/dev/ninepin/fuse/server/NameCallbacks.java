package dev.ninepin.fuse.server;

import dev.ninepin.fuse.lib.LowLevelOps;
import dev.ninepin.fuse.lib.Native;
import dev.ninepin.fuse.protocol.Reply;
import dev.ninepin.operations.Entry;
import dev.ninepin.operations.Errno;
import dev.ninepin.operations.FileOperations;
import dev.ninepin.p9.ByteString;
import java.io.IOException;
import jnr.ffi.Pointer;

/** The callbacks for names, a part of {@link Callbacks}. */
final class NameCallbacks {
    private final Requests requests;
    private final Credentials credentials;
    private final Refusals refusals;
    private final FileOperations files;

    NameCallbacks(
            final Requests requests,
            final Credentials credentials,
            final Refusals refusals,
            final FileOperations files) {
        this.requests = requests;
        this.credentials = credentials;
        this.refusals = refusals;
        this.files = files;
    }

    void fill(final LowLevelOps ops) {
        ops.lookup.set(this::lookup);
        ops.forget.set(this::forget);
        ops.forgetMulti.set(this::forgetMulti);
        ops.mknod.set(this::mknod);
        ops.mkdir.set(this::mkdir);
        ops.symlink.set(this::symlink);
        ops.link.set(this::link);
        ops.unlink.set(this::unlink);
        ops.rmdir.set(this::rmdir);
        ops.rename.set(this::rename);
    }

    private void lookup(final long request, final long parent, final long name) {
        requests.serve(Requests.LOOKUP, request, parent, (received, reply) -> {
            final ByteString wanted = received.name(name);
            final Entry found;
            try {
                found = credentials.forCaller(request).lookup(parent, wanted);
            } catch (final IOException e) {
                final Entry known = refusals.knownDirectory(parent, wanted, e);
                Requests.give(() -> reply.entryForNow(known), () -> files.forget(known.node(), 1));
                return;
            }
            give(reply, found);
        });
    }

    private void forget(final long request, final long node, final long lookups) {
        requests.serveUnanswered(request, () -> files.forget(node, lookups));
    }

    private void forgetMulti(final long request, final long count, final long array) {
        requests.serveUnanswered(request, () -> {
            final Pointer pairs = Native.at(array);
            for (long i = 0; i < count; i++) {
                final long pair = i * 2 * Long.BYTES;
                files.forget(pairs.getLong(pair), pairs.getLong(pair + Long.BYTES));
            }
        });
    }

    private void mknod(final long request, final long parent, final long name, final int mode, final long rdev) {
        requests.serve("mknod", request, parent, (received, reply) -> {
            final FileOperations view = credentials.forCaller(request);
            give(reply, view.mknod(credentials.caller(request), parent, received.name(name), mode, rdev));
        });
    }

    private void mkdir(final long request, final long parent, final long name, final int mode) {
        requests.serve("mkdir", request, parent, (received, reply) -> {
            final FileOperations view = credentials.forCaller(request);
            give(reply, view.mkdir(credentials.caller(request), parent, received.name(name), mode));
        });
    }

    private void symlink(final long request, final long target, final long parent, final long name) {
        requests.serve("symlink", request, parent, (received, reply) -> {
            final FileOperations view = credentials.forCaller(request);
            final ByteString link = received.name(name);
            give(reply, view.symlink(credentials.caller(request), parent, link, received.name(target)));
        });
    }

    private void link(final long request, final long node, final long newParent, final long newName) {
        requests.serve("link", request, node, (received, reply) -> {
            final FileOperations view = credentials.forCaller(request);
            give(reply, view.link(node, newParent, received.name(newName)));
        });
    }

    private void unlink(final long request, final long parent, final long name) {
        requests.serve("unlink", request, parent, (received, reply) -> {
            credentials.forCaller(request).unlink(parent, received.name(name));
            reply.done();
        });
    }

    private void rmdir(final long request, final long parent, final long name) {
        requests.serve("rmdir", request, parent, (received, reply) -> {
            credentials.forCaller(request).rmdir(parent, received.name(name));
            reply.done();
        });
    }

    private void rename(
            final long request, final long parent, final long name, final long newParent, final long newName) {
        requests.serve("rename", request, parent, (received, reply) -> {
            switch (received.kind()) {
                case RENAME_WITHOUT_REPLACING ->
                    credentials
                            .forCaller(request)
                            .renameWithoutReplacing(parent, received.name(name), newParent, received.name(newName));
                case RENAME_OTHERWISE -> {
                    // 9P has no way to exchange two names, or to leave a whiteout.
                    reply.error(Errno.EINVAL);
                    return;
                }
                default ->
                    credentials
                            .forCaller(request)
                            .rename(parent, received.name(name), newParent, received.name(newName));
            }
            reply.done();
        });
    }

    private void give(final Reply reply, final Entry entry) throws IOException {
        Requests.give(() -> reply.entry(entry), () -> files.forget(entry.node(), 1));
    }
}
