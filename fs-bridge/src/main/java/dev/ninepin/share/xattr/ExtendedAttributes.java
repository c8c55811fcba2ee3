package dev.ninepin.share.xattr;

import dev.ninepin.operations.Errno;
import dev.ninepin.operations.ErrnoException;
import dev.ninepin.p9.ByteString;
import dev.ninepin.session.Session;
import dev.ninepin.session.exchange.ReadReply;
import dev.ninepin.session.exchange.RemoteException;
import dev.ninepin.session.exchange.SessionEndedException;
import dev.ninepin.session.fid.FidTable;
import dev.ninepin.session.fid.FidTable.Attribute;
import dev.ninepin.share.inode.Inode;
import dev.ninepin.share.path.FilePaths;
import dev.ninepin.share.path.StripedLocks;
import dev.ninepin.share.path.Uninterrupted;
import dev.ninepin.share.path.UnknownOutcomeException;
import dev.ninepin.share.path.UserView;
import dev.ninepin.share.path.XattrLocks;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Reads, lists, sets and removes extended attributes on behalf of one user. Like all attributes, they are accessed over
 * the file's path, never over an open fid. Any thread may call any method.
 *
 * <p>A server first determines the size of a value, and then reads that many bytes. If the value changes in between,
 * QEMU pads a shorter value with zeros; for a longer one, both QEMU and diod answer ERANGE ({@code hw/9pfs/9p.c},
 * v9fs_xattrwalk; diod's {@code xattr.c}, _lgetxattr). {@link XattrLocks} prevents this for changes from this mount.
 * For changes by other clients, this class recognizes both cases and asks again.
 *
 * <p>"This file has no such attribute" is remembered for as long as attributes are valid ({@link
 * dev.ninepin.operations.Timeouts#attributes}). Values and lists are never cached.
 */
public final class ExtendedAttributes {
    /** XATTR_SIZE_MAX and XATTR_LIST_MAX of the kernel's {@code limits.h}, in bytes. */
    static final int MAX_SIZE = 65536;

    /** How many times a value is read when it keeps changing. */
    private static final int MOST_TRIES = 10;

    /** XATTR_CREATE of setxattr(2): the attribute must be new. */
    private static final int CREATE = 1;

    /** XATTR_REPLACE of setxattr(2): the attribute must exist. */
    private static final int REPLACE = 2;

    /** The attribute that the kernel requests before it writes to a file. */
    private static final ByteString CAPABILITY = ByteString.of("security.capability");

    /** The name that a Txattrwalk uses to list a file's attributes. */
    private static final ByteString LIST = ByteString.EMPTY;

    private final Session session;
    private final FidTable fids;
    private final FilePaths paths;
    private final Duration validity;
    private final boolean wanted;
    private final XattrSupport support;
    private final XattrLocks locks;

    /**
     * @param support what is known about the server, shared by the views of all users
     */
    public ExtendedAttributes(final UserView view, final XattrSupport support) {
        this.session = view.session();
        this.fids = view.fids();
        this.paths = view.paths();
        this.locks = view.shared().xattrLocks();
        this.wanted = view.options().xattrs();
        this.validity = view.options().timeouts().attributes();
        this.support = support;
    }

    /** Returns the size of an attribute's value, in bytes. */
    public int size(final Inode inode, final ByteString name) throws IOException {
        return ask(inode, name, ExtendedAttributes::size);
    }

    /** Returns the value of an attribute. Fails with ERANGE if it is longer than {@code room} bytes. */
    public byte[] get(final Inode inode, final ByteString name, final int room) throws IOException {
        return ask(inode, name, new Reading(room, ExtendedAttributes::mayBeFilledUp));
    }

    /** Returns whether a file has an attribute with a non-empty value. */
    boolean hasNonEmptyValue(final Inode inode, final ByteString name) throws IOException {
        try {
            return size(inode, name) > 0;
        } catch (final RemoteException | ErrnoException e) {
            if (Errno.of(e) == Errno.ENODATA) {
                return false;
            }
            throw e;
        }
    }

    /** Returns the size of the result of {@link #list}, in bytes. */
    public int listSize(final Inode inode) throws IOException {
        return ask(inode, LIST, ExtendedAttributes::size);
    }

    /**
     * Returns the names of a file's attributes, each followed by a NUL. Fails with ERANGE if they take more than {@code
     * room} bytes.
     */
    public byte[] list(final Inode inode, final int room) throws IOException {
        return ask(inode, LIST, new Reading(room, ExtendedAttributes::isListFilledUp));
    }

    /** Returns whether a value ends with a zero byte, and so may have been padded by the server. */
    private static boolean mayBeFilledUp(final byte[] value) {
        return value.length > 0 && value[value.length - 1] == 0;
    }

    /** Returns whether a list ends with an empty name: no attribute has one, so the server has padded the list. */
    private static boolean isListFilledUp(final byte[] list) {
        return mayBeFilledUp(list) && (list.length == 1 || list[list.length - 2] == 0);
    }

    /**
     * Sets an attribute to the remaining bytes of {@code value}.
     *
     * <p>9P2000.L cannot set an empty value: a zero-length write removes the attribute, whatever the flags say (QEMU's
     * {@code v9fs_xattr_fid_clunk}, diod's {@code xattr_close}). An empty value therefore fails with EOPNOTSUPP, which
     * programs that copy files tolerate. A value of more than 65536 bytes fails with E2BIG.
     *
     * @param flags setxattr(2)'s flags: 1 (XATTR_CREATE), the attribute must be new; 2 (XATTR_REPLACE), it must exist
     */
    public void set(final Inode inode, final ByteString name, final ByteBuffer value, final int flags)
            throws IOException {
        requireWanted();
        if (!value.hasRemaining()) {
            throw new ErrnoException(Errno.EOPNOTSUPP, "9P2000.L cannot set an extended attribute to an empty value");
        } else if (value.remaining() > MAX_SIZE) {
            throw new ErrnoException(
                    Errno.E2BIG, "the value has " + value.remaining() + " bytes; the limit is " + MAX_SIZE);
        }
        change(inode, name, value, flags);
    }

    /** Removes an attribute. */
    public void remove(final Inode inode, final ByteString name) throws IOException {
        requireWanted();
        change(inode, name, ByteBuffer.allocate(0), REPLACE);
    }

    /** An operation on an attribute that was walked to. */
    @FunctionalInterface
    private interface Use<T> {
        /** Returns the result; empty if the attribute may have changed during the operation, which is then repeated. */
        Optional<T> of(Attribute attribute) throws IOException;
    }

    /** Reads an attribute's value, until there is no sign that the value changed during the read. */
    private final class Reading implements Use<byte[]> {
        private final int room;
        private final Predicate<byte[]> isDoubtful;
        private byte @Nullable [] before;

        /**
         * @param room the maximum size of the value, in bytes
         * @param isDoubtful whether the server may have padded a value with zeros; then two consecutive reads must
         *     agree
         */
        private Reading(final int room, final Predicate<byte[]> isDoubtful) {
            this.room = room;
            this.isDoubtful = isDoubtful;
        }

        @Override
        public Optional<byte[]> of(final Attribute attribute) throws IOException {
            final Optional<byte[]> value = read(attribute, room);
            if (value.isPresent() && isDoubtful.test(value.get()) && !Arrays.equals(value.get(), before)) {
                before = value.get();
                return Optional.empty();
            }
            return value;
        }
    }

    private <T> T ask(final Inode inode, final ByteString name, final Use<T> use) throws IOException {
        requireWanted();
        final long now = System.nanoTime();
        final OptionalInt absent = inode.absent.errno(name, now, validity);
        if (absent.isPresent()) {
            throw new ErrnoException(absent.getAsInt(), "there is no attribute " + name + " (cached reply)");
        } else if (support.isRefused(name, now)) {
            throw new ErrnoException(
                    Errno.EOPNOTSUPP, "the server does not support attributes like " + name + " (cached reply)");
        }
        try (StripedLocks.Held held = locks.shared(inode)) {
            return askServer(inode, name, use, now);
        }
    }

    private <T> T askServer(final Inode inode, final ByteString name, final Use<T> use, final long now)
            throws IOException {
        final int changes = inode.absent.changes();
        try {
            final T answer = askUntilSettled(inode, name, use);
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
            throw asSeenHere(e, name);
        }
    }

    private <T> T askUntilSettled(final Inode inode, final ByteString name, final Use<T> use) throws IOException {
        for (int tries = 1; tries <= MOST_TRIES; tries++) {
            try {
                final Optional<T> answer = paths.use(inode, fid -> askOnce(fid, name, use));
                if (answer.isPresent()) {
                    return answer.get();
                }
            } catch (final RemoteException e) {
                // This ERANGE does not concern the caller's buffer: the value grew while the server read it.
                if (e.errno() != Errno.ERANGE || tries == MOST_TRIES) {
                    throw e;
                }
            }
        }
        throw new ErrnoException(
                Errno.EIO, "cannot read attribute " + name + ": it kept changing, or the server sent too few bytes");
    }

    private <T> Optional<T> askOnce(final int fid, final ByteString name, final Use<T> use) throws IOException {
        final Attribute attribute = fids.xattrWalk(fid, name);
        try {
            return use.of(attribute);
        } finally {
            fids.clunk(attribute.fid());
        }
    }

    private void remember(
            final Inode inode, final ByteString name, final int errno, final int changes, final long asked) {
        if (!validity.isZero()) {
            inode.absent.noted(name, errno, changes, asked);
        }
    }

    /**
     * Records which attributes a file lacks that was just created in a directory without a default ACL: a capability
     * and, if it is a directory, a default ACL. Both will be requested soon.
     *
     * @param since {@link System#nanoTime} before the file was created
     */
    void recordCreated(final Inode made, final Inode directory, final long since) {
        if (support.isKnown(CAPABILITY)) {
            remember(made, CAPABILITY, Errno.ENODATA, 0, since);
        }
        if (made.isDirectory()) {
            made.absent.inherit(directory.absent, Inheritance.DEFAULT);
        }
    }

    private static Optional<Integer> size(final Attribute attribute) throws ErrnoException {
        return Optional.of(checkedSize(attribute));
    }

    private static int checkedSize(final Attribute attribute) throws ErrnoException {
        if (Long.compareUnsigned(attribute.size(), MAX_SIZE) > 0) {
            throw new ErrnoException(
                    Errno.E2BIG,
                    "the server has a value of " + Long.toUnsignedString(attribute.size()) + " bytes; the limit is "
                            + MAX_SIZE);
        }
        return (int) attribute.size();
    }

    /** Reads a value; empty if it has fewer bytes than the server announced. */
    private Optional<byte[]> read(final Attribute attribute, final int room) throws IOException {
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
                    return Optional.empty();
                }
                reply.data().get(bytes, done, got);
                done += got;
            }
        }
        return Optional.of(bytes);
    }

    /**
     * Sets or removes an attribute. This cannot be interrupted: clunking a fid that holds the whole value sets the
     * attribute, and the fid must be clunked.
     */
    private void change(final Inode inode, final ByteString name, final ByteBuffer value, final int flags)
            throws IOException {
        inode.pages.beginChange();
        inode.absent.changing();
        try (StripedLocks.Held held = locks.exclusive(inode)) {
            inode.open.awaitChecks();
            Uninterrupted.run(() -> paths.changeOverCopy(inode, copy -> {
                boolean isBegun = false;
                try {
                    try {
                        session.xattrcreate(copy, name, value.remaining(), flags)
                                .await();
                        isBegun = true;
                        write(copy, value.duplicate());
                    } catch (final IOException | RuntimeException e) {
                        fids.clunk(copy);
                        throw e;
                    }
                    fids.clunkAndAwait(copy);
                } catch (final SessionEndedException e) {
                    // At the end of a connection, a server clunks the fids, and thereby sets the attribute. A second
                    // request has the same result, except one that creates or removes the attribute.
                    if ((isBegun || !e.isUnsent()) && (flags == CREATE || !value.hasRemaining())) {
                        throw UnknownOutcomeException.of("change attribute " + name, e);
                    }
                    throw e;
                }
                return copy;
            }));
            support.answered(name);
        } catch (final RemoteException e) {
            throw asSeenHere(e, name);
        } finally {
            inode.absent.changed();
            inode.pages.endChange();
        }
    }

    private void write(final int fid, final ByteBuffer value) throws IOException {
        final int start = value.position();
        while (value.hasRemaining()) {
            final ByteBuffer part = value.slice(value.position(), Math.min(session.maxIo(), value.remaining()));
            final int count =
                    session.write(fid, value.position() - start, part).await().count();
            if (count == 0) {
                throw new ErrnoException(Errno.EIO, "the server accepted only a part of the value");
            }
            value.position(value.position() + count);
        }
    }

    /** Fails with ENOSYS if extended attributes are turned off: the kernel then stops asking for them. */
    private void requireWanted() throws ErrnoException {
        if (!wanted) {
            throw new ErrnoException(Errno.ENOSYS, "extended attributes are turned off");
        }
    }

    /**
     * Returns the exception for a server's error. A refusal becomes EOPNOTSUPP: after an ENOSYS, the kernel would never
     * ask for any attribute again.
     */
    private static IOException asSeenHere(final RemoteException answer, final ByteString name) {
        return isRefusal(answer)
                ? new ErrnoException(Errno.EOPNOTSUPP, "the server refuses " + name + ": errno " + answer.errno())
                : answer;
    }

    /**
     * Returns whether a server does not support the message (ENOSYS), or its file system has no such attributes
     * (EOPNOTSUPP).
     */
    private static boolean isRefusal(final RemoteException answer) {
        return answer.errno() == Errno.EOPNOTSUPP || answer.errno() == Errno.ENOSYS;
    }
}
