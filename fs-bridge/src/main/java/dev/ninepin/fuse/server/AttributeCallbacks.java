package dev.ninepin.fuse.server;

import dev.ninepin.fuse.lib.LowLevelOps;
import dev.ninepin.operations.Attributes;
import dev.ninepin.operations.FileOperations;
import dev.ninepin.operations.KernelCache;
import java.io.IOException;

/** The callbacks for attributes, permissions and symbolic links, a part of {@link Callbacks}. */
final class AttributeCallbacks {
    private final Requests requests;
    private final Credentials credentials;
    private final Refusals refusals;
    private final FileOperations files;
    private final KernelCache kernel;
    private final DirectIo directIo;
    private final Readiness readiness;

    /** @param readiness completed by the first result for the root */
    AttributeCallbacks(
            final Requests requests,
            final Credentials credentials,
            final Refusals refusals,
            final FileOperations files,
            final KernelCache kernel,
            final DirectIo directIo,
            final Readiness readiness) {
        this.requests = requests;
        this.credentials = credentials;
        this.refusals = refusals;
        this.files = files;
        this.kernel = kernel;
        this.directIo = directIo;
        this.readiness = readiness;
    }

    void fill(final LowLevelOps ops) {
        ops.getattr.set(this::getattr);
        ops.setattr.set(this::setattr);
        ops.readlink.set(this::readlink);
        ops.statfs.set(this::statfs);
        ops.access.set(this::access);
    }

    private void getattr(final long request, final long node, final long info) {
        requests.serve("getattr", request, node, (received, reply) -> {
            if (node == FileOperations.ROOT) {
                reply.attributes(rootAttributes());
            } else if (info != 0 && directIo.isCheckedBeforeRead()) {
                // The kernel passes a descriptor only if it needs the attributes for a read.
                reply.attributesToRead(
                        credentials.forOpener(received.handle(info)).getattrToRead(node, kernel));
            } else {
                reply.attributes(attributes(request, node));
            }
        });
    }

    private Attributes attributes(final long request, final long node) throws IOException {
        try {
            return credentials.forCaller(request).getattr(node);
        } catch (final IOException e) {
            return refusals.attributesOfOpen(node, e);
        }
    }

    /**
     * Returns the root's attributes, without checking the user: mountpoint(1), umount(8) and a listing of the parent
     * directory need them. {@code FuseMount.mount} waits for the first result.
     */
    private Attributes rootAttributes() throws IOException {
        try {
            final Attributes attributes = files.getattr(FileOperations.ROOT);
            readiness.recordRootAttributes();
            return attributes;
        } catch (final IOException | RuntimeException e) {
            readiness.rootFailed(e);
            throw e;
        }
    }

    private void setattr(final long request, final long node, final long stat, final int which, final long info) {
        requests.serve("setattr", request, node, (received, reply) -> {
            final long handle = received.handle(info);
            final FileOperations view = credentials.forOpenerOrCaller(request, handle);
            final Attributes changed;
            if (which == 0) {
                changed = view.changeNothing(credentials.callerWithGroups(request), node);
            } else if (handle == FileOperations.NO_HANDLE) {
                changed = view.setattr(node, received.change(stat, which));
            } else {
                changed = view.setattrOfOpen(handle, received.change(stat, which));
            }
            reply.attributes(changed);
        });
    }

    private void readlink(final long request, final long node) {
        requests.serve(
                "readlink",
                request,
                node,
                (received, reply) -> reply.target(credentials.forCaller(request).readlink(node)));
    }

    private void statfs(final long request, final long node) {
        requests.serve(
                "statfs",
                request,
                node,
                (received, reply) ->
                        reply.figures(credentials.forCaller(request).statfs(node)));
    }

    private void access(final long request, final long node, final int mask) {
        requests.serve("access", request, node, (received, reply) -> {
            credentials.forCaller(request).access(credentials.callerWithGroups(request), node, mask);
            reply.done();
        });
    }
}
