package dev.ninepin.fuse.server;

import dev.ninepin.fuse.lib.LibFuse;
import dev.ninepin.fuse.lib.Native;
import dev.ninepin.fuse.mount.KernelLimits;
import dev.ninepin.fuse.protocol.ReceivedRequest;
import dev.ninepin.fuse.protocol.RequestKind;
import dev.ninepin.operations.CacheMode;
import dev.ninepin.operations.Timeouts;
import dev.ninepin.os.LibC;
import dev.ninepin.p9.ByteString;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * The negotiation of the FUSE connection's features with the kernel. libfuse 2.9 speaks version 7.19 of the kernel's
 * protocol and would agree on that version. So libfuse answers the kernel's INIT over a channel that captures the
 * answer. The features that libfuse agreed to stay; newer features are added, and then the answer is sent. A kernel
 * older than 7.23 gets libfuse's answer unchanged.
 *
 * <p>No feature is requested that changes a struct which libfuse decodes or builds: not SETXATTR_EXT, SECURITY_CTX or
 * CREATE_SUPP_GROUP. Structs and numbers are those of the kernel's {@code include/uapi/linux/fuse.h}.
 */
final class Negotiation {
    /** The newest minor protocol version of which a feature is used: TMPFILE. */
    static final int MINOR = 37;

    /** From this minor version on, the answer is longer than libfuse's, and the kernel may send RENAME2. */
    private static final int LONG_ANSWER_MINOR = 23;

    // Offsets in struct fuse_init_in, which follows the header: major[4] minor[4] max_readahead[4] flags[4] flags2[4] …
    private static final int IN_MINOR = RequestKind.HEADER + 4;
    private static final int IN_FLAGS = RequestKind.HEADER + 12;
    private static final int IN_FLAGS2 = RequestKind.HEADER + 16;

    // Offsets in struct fuse_out_header: len[4] error[4] unique[8]; then struct fuse_init_out: major[4] minor[4]
    // max_readahead[4] flags[4] max_background[2] congestion_threshold[2] max_write[4] time_gran[4] max_pages[2]
    // map_alignment[2] flags2[4] …
    private static final int OUT_ERROR = 4;
    private static final int OUT_HEADER = 16;
    private static final int OUT_MINOR = OUT_HEADER + 4;
    private static final int OUT_FLAGS = OUT_HEADER + 12;
    private static final int OUT_MAX_PAGES = OUT_HEADER + 28;
    private static final int OUT_FLAGS2 = OUT_HEADER + 32;
    private static final int OUT_SIZE = OUT_HEADER + 64;

    /** The kernel asks for the attributes before each read(2), and drops its pages if the modification time differs. */
    private static final int AUTO_INVAL_DATA = 1 << 12;

    private static final int DO_READDIRPLUS = 1 << 13;
    private static final int READDIRPLUS_AUTO = 1 << 14;
    private static final int PARALLEL_DIROPS = 1 << 18;
    private static final int MAX_PAGES = 1 << 22;
    private static final int CACHE_SYMLINKS = 1 << 23;

    /** The file system clears set-ID bits, so the kernel need not check for capabilities before each write(2). */
    private static final int HANDLE_KILLPRIV_V2 = 1 << 28;

    /** Both sides have a second word of flags, {@code flags2}. */
    private static final int INIT_EXT = 1 << 30;

    /** A flag in the second word, since Linux 6.6: files that bypass the page cache can be mapped nevertheless. */
    private static final int DIRECT_IO_ALLOW_MMAP = 1 << 4;

    private final LibFuse fuse;
    private final long channel;
    private final CacheMode cache;
    private final Timeouts timeouts;
    private final boolean mayMapUncached;
    private volatile boolean canMapUncached;

    /** The kernel's INIT and the answer to it. Empty before the negotiation; the answer is empty if libfuse sent it. */
    private volatile ByteString initRequest = ByteString.EMPTY;

    private volatile ByteString initAnswer = ByteString.EMPTY;

    /**
     * @param mayMapUncached whether to use DIRECT_IO_ALLOW_MMAP if the kernel offers it; false in a test that simulates
     *     an older kernel
     */
    Negotiation(
            final LibFuse fuse,
            final long channel,
            final CacheMode cache,
            final Timeouts timeouts,
            final boolean mayMapUncached) {
        this.fuse = fuse;
        this.channel = channel;
        this.cache = cache;
        this.timeouts = timeouts;
        this.mayMapUncached = mayMapUncached;
    }

    /**
     * Returns whether a file opened with FOPEN_DIRECT_IO can be mapped. False until the INIT has been answered. Any
     * thread.
     */
    boolean canMapUncached() {
        return canMapUncached;
    }

    private int flags() {
        int wanted = PARALLEL_DIROPS | MAX_PAGES | HANDLE_KILLPRIV_V2;
        if (!timeouts.attributes().isZero() && !timeouts.names().isZero()) {
            // With a timeout of 0, the kernel would ask for every entry again anyway.
            wanted |= DO_READDIRPLUS | READDIRPLUS_AUTO;
        }
        if (cache == CacheMode.LOOSE) {
            wanted |= CACHE_SYMLINKS;
        }
        if (cache == CacheMode.NONE && !canMapUncached) {
            wanted |= AUTO_INVAL_DATA;
        }
        return wanted;
    }

    /** Answers the INIT of {@code length} bytes at the start of {@code request}, which {@code session} received. */
    void answer(final long session, final ByteBuffer request, final int length) {
        initRequest = ByteString.copyOf(request.slice(0, length));
        final int minor = request.getInt(IN_MINOR);
        if (minor < LONG_ANSWER_MINOR) {
            fuse.fuse_session_process(session, request, length, channel);
            return;
        }
        final byte[] theirs = answerOfLibFuse(session, request, length);
        final ByteBuffer answer = ByteBuffer.wrap(theirs).order(ByteOrder.nativeOrder());
        final byte[] ours =
                answer.getInt(OUT_ERROR) == 0 && theirs.length > OUT_HEADER ? extended(theirs, minor, request) : theirs;
        initAnswer = ByteString.copyOf(ours);
        Native.send(fuse, channel, ours);
    }

    private byte[] answerOfLibFuse(final long session, final ByteBuffer request, final int length) {
        try (CapturingChannel capturing = new CapturingChannel(fuse, ReceivedRequest.BUFFER_SIZE)) {
            fuse.fuse_session_process(session, request, length, capturing.address());
            return capturing.take();
        }
    }

    /** Returns the kernel's INIT. */
    ByteString initRequest() {
        return initRequest;
    }

    /** Returns the answer to the kernel's INIT; empty if libfuse gave it. */
    ByteString initAnswer() {
        return initAnswer;
    }

    /** Repeats the negotiation of another program for {@code session}. The kernel gets no second answer. */
    void takeOver(final long session, final ByteString request, final ByteString answer) {
        initRequest = request;
        initAnswer = answer;
        final ByteBuffer init = ByteBuffer.allocateDirect(request.length()).order(ByteOrder.nativeOrder());
        request.putInto(init);
        final byte[] unused = answerOfLibFuse(session, init.flip(), request.length());
        if (answer.length() == OUT_SIZE) {
            final ByteBuffer agreed = ByteBuffer.wrap(answer.toBytes()).order(ByteOrder.nativeOrder());
            canMapUncached = (agreed.getInt(OUT_FLAGS) & INIT_EXT) != 0
                    && (agreed.getInt(OUT_FLAGS2) & DIRECT_IO_ALLOW_MMAP) != 0;
        }
    }

    private byte[] extended(final byte[] theirs, final int minor, final ByteBuffer request) {
        final int offered = request.getInt(IN_FLAGS);
        canMapUncached =
                mayMapUncached && (offered & INIT_EXT) != 0 && (request.getInt(IN_FLAGS2) & DIRECT_IO_ALLOW_MMAP) != 0;
        final byte[] bytes = Arrays.copyOf(theirs, OUT_SIZE);
        final ByteBuffer answer = ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder());
        answer.putInt(0, OUT_SIZE);
        answer.putInt(OUT_MINOR, Math.min(minor, MINOR));
        answer.putInt(OUT_FLAGS, answer.getInt(OUT_FLAGS) | (flags() & offered));
        if (canMapUncached) {
            answer.putInt(OUT_FLAGS, answer.getInt(OUT_FLAGS) | INIT_EXT);
            answer.putInt(OUT_FLAGS2, DIRECT_IO_ALLOW_MMAP);
        }
        if ((offered & MAX_PAGES) != 0) {
            answer.putShort(OUT_MAX_PAGES, (short)
                    (KernelLimits.LARGEST_READ / LibC.get().getpagesize()));
        }
        return bytes;
    }
}
