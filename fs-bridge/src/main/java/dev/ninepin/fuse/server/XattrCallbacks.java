package dev.ninepin.fuse.server;

import dev.ninepin.fuse.lib.LowLevelOps;
import dev.ninepin.operations.Caller;
import dev.ninepin.operations.FileOperations;
import dev.ninepin.p9.ByteString;
import java.io.IOException;
import java.util.function.LongConsumer;
import java.util.function.LongFunction;

/** The callbacks for extended attributes, a part of {@link Callbacks}. They run on {@link Worker} threads. */
final class XattrCallbacks {
    static final String GETXATTR = "getxattr";

    private static final ByteString SYSTEM = ByteString.of("system.");

    private final FilesOfUser files;
    private final Server server;
    private final LongFunction<Caller> caller;
    private final LongConsumer dropAttributes;

    /** A function that runs an operation on a node for a request, as {@code Callbacks.serve} does. */
    @FunctionalInterface
    interface Server {
        void serve(String name, long request, long node, Callbacks.Operation operation);
    }

    /** A function that returns the file operations with the credentials of the user that sent a request. */
    @FunctionalInterface
    interface FilesOfUser {
        FileOperations forCaller(long request) throws IOException;
    }

    /** @param dropAttributes makes the kernel ask for a node's attributes again before it uses them */
    XattrCallbacks(
            final FilesOfUser files,
            final Server server,
            final LongFunction<Caller> caller,
            final LongConsumer dropAttributes) {
        this.files = files;
        this.server = server;
        this.caller = caller;
        this.dropAttributes = dropAttributes;
    }

    void fill(final LowLevelOps ops) {
        ops.setxattr.set(this::setxattr);
        ops.getxattr.set(this::getxattr);
        ops.listxattr.set(this::listxattr);
        ops.removexattr.set(this::removexattr);
    }

    private void setxattr(
            final long request, final long node, final long name, final long value, final long size, final int flags) {
        server.serve("setxattr", request, node, worker -> {
            final ByteString which = worker.name(name);
            files.forCaller(request).setxattr(caller.apply(request), node, which, worker.data(value, size), flags);
            changed(node, which);
            worker.reply.done();
        });
    }

    private void getxattr(final long request, final long node, final long name, final long size) {
        server.serve(GETXATTR, request, node, worker -> {
            final ByteString which = worker.name(name);
            if (size == 0) {
                worker.reply.xattrSize(files.forCaller(request).xattrSize(node, which));
            } else {
                worker.reply.data(
                        worker.copyToDirectBuffer(files.forCaller(request).getxattr(node, which, toInt(size))));
            }
        });
    }

    private void listxattr(final long request, final long node, final long size) {
        server.serve("listxattr", request, node, worker -> {
            if (size == 0) {
                worker.reply.xattrSize(files.forCaller(request).xattrListSize(node));
            } else {
                worker.reply.data(
                        worker.copyToDirectBuffer(files.forCaller(request).listxattr(node, toInt(size))));
            }
        });
    }

    private void removexattr(final long request, final long node, final long name) {
        server.serve("removexattr", request, node, worker -> {
            final ByteString which = worker.name(name);
            files.forCaller(request).removexattr(caller.apply(request), node, which);
            changed(node, which);
            worker.reply.done();
        });
    }

    private static int toInt(final long size) {
        return (int) Math.min(size, Integer.MAX_VALUE);
    }

    /**
     * Makes the kernel drop the attributes of a node after an ACL has changed. The ACL changes the mode, but the kernel
     * keeps the old one ({@code fs/fuse/xattr.c}).
     */
    private void changed(final long node, final ByteString name) {
        if (name.startsWith(SYSTEM)) {
            dropAttributes.accept(node);
        }
    }
}
