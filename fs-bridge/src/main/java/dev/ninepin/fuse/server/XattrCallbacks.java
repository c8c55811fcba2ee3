package dev.ninepin.fuse.server;

import dev.ninepin.fuse.lib.LowLevelOps;
import dev.ninepin.p9.ByteString;

/** The callbacks for extended attributes, a part of {@link Callbacks}. */
final class XattrCallbacks {
    static final String GETXATTR = "getxattr";

    private static final ByteString SYSTEM = ByteString.of("system.");

    private final Requests requests;
    private final Credentials credentials;
    private final Notifications kernel;

    XattrCallbacks(final Requests requests, final Credentials credentials, final Notifications kernel) {
        this.requests = requests;
        this.credentials = credentials;
        this.kernel = kernel;
    }

    void fill(final LowLevelOps ops) {
        ops.setxattr.set(this::setxattr);
        ops.getxattr.set(this::getxattr);
        ops.listxattr.set(this::listxattr);
        ops.removexattr.set(this::removexattr);
    }

    private void setxattr(
            final long request, final long node, final long name, final long value, final long size, final int flags) {
        requests.serve("setxattr", request, node, (received, reply) -> {
            final ByteString which = received.name(name);
            credentials
                    .forCaller(request)
                    .setxattr(credentials.caller(request), node, which, received.data(value, size), flags);
            changed(node, which);
            reply.done();
        });
    }

    private void getxattr(final long request, final long node, final long name, final long size) {
        requests.serve(GETXATTR, request, node, (received, reply) -> {
            final ByteString which = received.name(name);
            if (size == 0) {
                reply.xattrSize(credentials.forCaller(request).xattrSize(node, which));
            } else {
                reply.data(credentials.forCaller(request).getxattr(node, which, toInt(size)));
            }
        });
    }

    private void listxattr(final long request, final long node, final long size) {
        requests.serve("listxattr", request, node, (received, reply) -> {
            if (size == 0) {
                reply.xattrSize(credentials.forCaller(request).xattrListSize(node));
            } else {
                reply.data(credentials.forCaller(request).listxattr(node, toInt(size)));
            }
        });
    }

    private void removexattr(final long request, final long node, final long name) {
        requests.serve("removexattr", request, node, (received, reply) -> {
            final ByteString which = received.name(name);
            credentials.forCaller(request).removexattr(credentials.caller(request), node, which);
            changed(node, which);
            reply.done();
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
            kernel.dropAttributes(node);
        }
    }
}
