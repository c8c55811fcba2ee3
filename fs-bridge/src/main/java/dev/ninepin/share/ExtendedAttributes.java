package dev.ninepin.share;

import dev.ninepin.p9.ByteString;
import dev.ninepin.session.FidTable;
import dev.ninepin.session.FidTable.Attribute;
import dev.ninepin.session.FidTable.Lease;
import dev.ninepin.session.ReadReply;
import dev.ninepin.session.RemoteException;
import dev.ninepin.session.Session;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.OptionalInt;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Extended attributes: asked for, listed, set and removed. Like all attributes over the file's path, never over an open
 * fid. Any thread.
 *
 * <p>That a file has no attribute of a name is remembered as long as attributes may be believed ({@link CacheMode}); what
 * it has is always asked of the server.
 */
final class ExtendedAttributes {
    /** XATTR_SIZE_MAX and XATTR_LIST_MAX of the kernel's {@code limits.h}, in bytes. */
    static final int MAX_SIZE = 65536;

    /** XATTR_REPLACE of setxattr(2): it must be there. */
    private static final int REPLACE = 2;

    /** The name that lists them. */
    private static final ByteString LIST = ByteString.EMPTY;

    private static final Logger LOG = LoggerFactory.getLogger(ExtendedAttributes.class);

    private final Session session;
    private final FidTable fids;
    private final FilePaths paths;
    private final Duration validity;
    private final XattrSupport support;

    ExtendedAttributes(
            final Session session,
            final FidTable fids,
            final FilePaths paths,
            final XattrSupport support,
            final ShareOptions options) {
        this.session = session;
        this.fids = fids;
        this.paths = paths;
        this.support = support;
        this.validity = options.cache().attributes();
    }

    /** The size of an attribute's value, in bytes. */
    int size(final Inode inode, final ByteString name) throws IOException {
        return ask(inode, name, this::checkedSize);
    }

    /** The value of an attribute. ERANGE if it has more than {@code room} bytes. */
    byte[] get(final Inode inode, final ByteString name, final int room) throws IOException {
        return ask(inode, name, attribute -> read(attribute, room));
    }

    /** Whether a file has an attribute, and the value is not empty. */
    boolean isThere(final Inode inode, final ByteString name) throws IOException {
        try {
            return size(inode, name) > 0;
        } catch (final RemoteException | ErrnoException e) {
            if (Errno.of(e) == Errno.ENODATA) {
                return false;
            }
            throw e;
        }
    }

    /** The size of what {@link #list} gives. */
    int listSize(final Inode inode) throws IOException {
        return ask(inode, LIST, this::checkedSize);
    }

    /** The names of a file's attributes, each with a NUL behind it. ERANGE if that is more than {@code room} bytes. */
    byte[] list(final Inode inode, final int room) throws IOException {
        return ask(inode, LIST, attribute -> read(attribute, room));
    }

    /**
     * Sets an attribute to what remains of {@code value}.
     *
     * <p>An empty value can't be had: to write one is how 9P2000.L removes an attribute, whatever the flags say (QEMU's
     * {@code v9fs_xattr_fid_clunk}, diod's {@code xattr_close}). EOPNOTSUPP is what makes programs that copy go on.
     *
     * @param flags of setxattr(2): 1 it must be new, 2 it must be there
     */
    void set(final Inode inode, final ByteString name, final ByteBuffer value, final int flags) throws IOException {
        checkThatThereAreSome();
        if (!value.hasRemaining()) {
            throw new ErrnoException(Errno.EOPNOTSUPP, "9P2000.L has no empty value of an extended attribute");
        } else if (value.remaining() > MAX_SIZE) {
            throw new ErrnoException(Errno.E2BIG, "the value has " + value.remaining() + " bytes");
        }
        change(inode, name, value, flags);
    }

    void remove(final Inode inode, final ByteString name) throws IOException {
        checkThatThereAreSome();
        change(inode, name, ByteBuffer.allocate(0), REPLACE);
    }

    /** What is done with a fid on an attribute. */
    @FunctionalInterface
    private interface Use<T> {
        T of(Attribute attribute) throws IOException;
    }

    private <T> T ask(final Inode inode, final ByteString name, final Use<T> use) throws IOException {
        checkThatThereAreSome();
        final long now = System.nanoTime();
        final OptionalInt absent = inode.absent.errno(name, now, validity);
        if (absent.isPresent()) {
            throw new ErrnoException(absent.getAsInt(), "there is no " + name + ", as was answered before");
        } else if (support.isRefused(name, now)) {
            throw new ErrnoException(Errno.EOPNOTSUPP, "the server has just refused attributes like " + name);
        }
        final int changes = inode.absent.changes();
        try {
            final T answer = paths.use(inode, fid -> {
                final Attribute attribute = fids.xattrWalk(fid, name);
                try {
                    return use.of(attribute);
                } finally {
                    fids.clunk(attribute.fid());
                }
            });
            support.answered(name);
            return answer;
        } catch (final RemoteException e) {
            if (e.errno() == Errno.ENODATA) {
                support.answered(name);
                remember(inode, name, Errno.ENODATA, changes, now);
            } else if (isRefusal(e)) {
                support.refused(name, now);
                remember(inode, name, Errno.EOPNOTSUPP, changes, now);
            }
            throw told(e, name);
        }
    }

    private void remember(
            final Inode inode, final ByteString name, final int errno, final int changes, final long asked) {
        if (!validity.isZero()) {
            inode.absent.noted(name, errno, changes, asked);
        }
    }

    private int checkedSize(final Attribute attribute) throws ErrnoException {
        if (Long.compareUnsigned(attribute.size(), MAX_SIZE) > 0) {
            throw new ErrnoException(
                    Errno.E2BIG, "the server has " + Long.toUnsignedString(attribute.size()) + " bytes for it");
        }
        return (int) attribute.size();
    }

    private byte[] read(final Attribute attribute, final int room) throws IOException {
        final int size = checkedSize(attribute);
        if (size > room) {
            throw new ErrnoException(Errno.ERANGE, size + " bytes do not fit into " + room);
        }
        final byte[] bytes = new byte[size];
        int done = 0;
        while (done < size) {
            final int count = Math.min(session.maxIo(), size - done);
            try (ReadReply reply = session.read(attribute.fid(), done, count).await()) {
                final int got = reply.data().remaining();
                if (got == 0) {
                    throw new ErrnoException(Errno.EIO, "the server gave " + done + " bytes of " + size);
                }
                reply.data().get(bytes, done, got);
                done += got;
            }
        }
        return bytes;
    }

    /** Not to be interrupted: a fid that holds the whole value sets it when it is clunked, and clunked it must be. */
    private void change(final Inode inode, final ByteString name, final ByteBuffer value, final int flags)
            throws IOException {
        inode.data.changing();
        inode.absent.changing();
        try {
            Uninterrupted.run(() -> paths.changeOverCopy(inode, copy -> {
                try {
                    session.xattrcreate(copy, name, value.remaining(), flags).await();
                    write(copy, value.duplicate());
                } catch (final IOException | RuntimeException e) {
                    fids.clunk(copy);
                    throw e;
                }
                fids.clunkAndAwait(copy);
                return copy;
            }));
            support.answered(name);
        } catch (final RemoteException e) {
            throw told(e, name);
        } finally {
            inode.absent.changed();
            inode.data.changed();
        }
    }

    private void write(final int fid, final ByteBuffer value) throws IOException {
        final int start = value.position();
        while (value.hasRemaining()) {
            final ByteBuffer part = value.slice(value.position(), Math.min(session.maxIo(), value.remaining()));
            final int count =
                    session.write(fid, value.position() - start, part).await().count();
            if (count == 0) {
                throw new ErrnoException(Errno.EIO, "the server takes no more of the value");
            }
            value.position(value.position() + count);
        }
    }

    /** The kernel is told so with ENOSYS, and asks no more. */
    private void checkThatThereAreSome() throws ErrnoException {
        if (support.isNone()) {
            throw new ErrnoException(Errno.ENOSYS, "there are no extended attributes");
        }
    }

    /** What the kernel is told: a refusal is always EOPNOTSUPP, for ENOSYS would be the end of all attributes. */
    private IOException told(final RemoteException answer, final ByteString name) {
        if (!isRefusal(answer)) {
            return answer;
        }
        judge(answer);
        return new ErrnoException(Errno.EOPNOTSUPP, "the server refuses " + name + ": errno " + answer.errno());
    }

    /** What a server answers that does not know the message, and Linux where a file system has no such attributes. */
    private static boolean isRefusal(final RemoteException answer) {
        return answer.errno() == Errno.EOPNOTSUPP || answer.errno() == Errno.ENOSYS;
    }

    /** Finds out, once, whether a server that has refused something has no extended attributes at all: no list either. */
    private void judge(final RemoteException refusal) {
        if (support.isKnown()) {
            return;
        }
        try (Lease root = fids.use(fids.root())) {
            fids.clunk(fids.xattrWalk(root.fid(), LIST).fid());
            support.known(true);
        } catch (final RemoteException e) {
            support.known(!isRefusal(e));
        } catch (final IOException e) {
            LOG.debug("whether there are extended attributes is not known yet", e);
            refusal.addSuppressed(e);
        }
    }
}
