package dev.ninepin.session;

import dev.ninepin.p9.ByteString;
import java.time.Duration;

/**
 * The parameters that a session requests from its server.
 *
 * @param msize the largest message to request, in bytes; the channel and the server may settle on less
 * @param uname the name of the user to attach as
 * @param aname the tree to attach to; its meaning depends on the server
 * @param nUname the numeric ID of the user to attach as; {@link dev.ninepin.p9.Tauth#NONUNAME} for none
 * @param maxFids how many path fids to keep before the least recently used are clunked
 * @param requestTimeout how long a request may go unanswered before it is flushed and fails
 * @param patience how long requests wait for another connection after the connection has ended, or for a server that is
 *     silent (at least 5 s)
 */
public record SessionOptions(
        int msize,
        ByteString uname,
        ByteString aname,
        int nUname,
        int maxFids,
        Duration requestTimeout,
        Duration patience) {
    /** 128 KiB of data and 24 bytes of header, as the kernel's client requests since Linux 5.15. */
    public static final int DEFAULT_MSIZE = 128 * 1024 + 24;

    /** The smallest msize that the Linux client and QEMU's server accept. */
    public static final int MIN_MSIZE = 4096;

    /** The default of {@link #patience}. */
    public static final Duration DEFAULT_PATIENCE = Duration.ofSeconds(60);

    private static final int DEFAULT_MAX_FIDS = 8192;
    private static final Duration DEFAULT_REQUEST_TIMEOUT = Duration.ofSeconds(60);

    /** Returns the default options, attached to the server's default tree as the user {@code nUname}. */
    public static SessionOptions defaults(final int nUname) {
        return new SessionOptions(
                DEFAULT_MSIZE,
                ByteString.of("nobody"),
                ByteString.EMPTY,
                nUname,
                DEFAULT_MAX_FIDS,
                DEFAULT_REQUEST_TIMEOUT,
                DEFAULT_PATIENCE);
    }

    /** Returns a copy with another msize, in bytes. */
    public SessionOptions withMsize(final int bytes) {
        return new SessionOptions(bytes, uname, aname, nUname, maxFids, requestTimeout, patience);
    }

    /** Returns a copy with another user name. */
    public SessionOptions withUname(final ByteString name) {
        return new SessionOptions(msize, name, aname, nUname, maxFids, requestTimeout, patience);
    }

    /** Returns a copy with another tree. */
    public SessionOptions withAname(final ByteString name) {
        return new SessionOptions(msize, uname, name, nUname, maxFids, requestTimeout, patience);
    }

    /** Returns a copy with another limit on path fids. */
    public SessionOptions withMaxFids(final int count) {
        return new SessionOptions(msize, uname, aname, nUname, count, requestTimeout, patience);
    }

    /** Returns a copy with another request timeout. */
    public SessionOptions withRequestTimeout(final Duration timeout) {
        return new SessionOptions(msize, uname, aname, nUname, maxFids, timeout, patience);
    }

    /** Returns a copy with another {@link #patience}. */
    public SessionOptions withPatience(final Duration duration) {
        return new SessionOptions(msize, uname, aname, nUname, maxFids, requestTimeout, duration);
    }
}
