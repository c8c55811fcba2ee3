package dev.ninepin.session;

import dev.ninepin.channel.Channel;
import dev.ninepin.channel.ChannelInfo;
import dev.ninepin.p9.ByteString;
import dev.ninepin.p9.Dirent;
import dev.ninepin.p9.ProtocolException;
import dev.ninepin.p9.Rattach;
import dev.ninepin.p9.Rgetattr;
import dev.ninepin.p9.Rgetlock;
import dev.ninepin.p9.Rlcreate;
import dev.ninepin.p9.Rlock;
import dev.ninepin.p9.Rlopen;
import dev.ninepin.p9.Rmessage;
import dev.ninepin.p9.Rmkdir;
import dev.ninepin.p9.Rmknod;
import dev.ninepin.p9.Rread;
import dev.ninepin.p9.Rreaddir;
import dev.ninepin.p9.Rreadlink;
import dev.ninepin.p9.Rstatfs;
import dev.ninepin.p9.Rsymlink;
import dev.ninepin.p9.Rversion;
import dev.ninepin.p9.Rwalk;
import dev.ninepin.p9.Rwrite;
import dev.ninepin.p9.Rxattrwalk;
import dev.ninepin.p9.Tattach;
import dev.ninepin.p9.Tclunk;
import dev.ninepin.p9.Tfsync;
import dev.ninepin.p9.Tgetattr;
import dev.ninepin.p9.Tgetlock;
import dev.ninepin.p9.Tlcreate;
import dev.ninepin.p9.Tlink;
import dev.ninepin.p9.Tlock;
import dev.ninepin.p9.Tlopen;
import dev.ninepin.p9.Tmessage;
import dev.ninepin.p9.Tmkdir;
import dev.ninepin.p9.Tmknod;
import dev.ninepin.p9.Tread;
import dev.ninepin.p9.Treaddir;
import dev.ninepin.p9.Treadlink;
import dev.ninepin.p9.Tremove;
import dev.ninepin.p9.Trename;
import dev.ninepin.p9.Trenameat;
import dev.ninepin.p9.Tsetattr;
import dev.ninepin.p9.Tstatfs;
import dev.ninepin.p9.Tsymlink;
import dev.ninepin.p9.Tunlinkat;
import dev.ninepin.p9.Tversion;
import dev.ninepin.p9.Twalk;
import dev.ninepin.p9.Twrite;
import dev.ninepin.p9.Txattrcreate;
import dev.ninepin.p9.Txattrwalk;
import dev.ninepin.session.exchange.Batch;
import dev.ninepin.session.exchange.Bystander;
import dev.ninepin.session.exchange.Call;
import dev.ninepin.session.exchange.Exchange;
import dev.ninepin.session.exchange.OperationRecorder;
import dev.ninepin.session.exchange.ReadReply;
import dev.ninepin.session.exchange.RemoteException;
import dev.ninepin.session.exchange.SessionEnd;
import dev.ninepin.session.fid.FidTable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A session with a 9P2000.L server, with one method for each message. Each method sends its request and returns at once
 * with the pending call. A caller that needs the reply waits for it with {@link Call#await}.
 *
 * <p>Any thread may call any method. The numbers of fids come from {@link #fids()}, which also manages the path fids.
 */
public final class Session implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Session.class);

    /**
     * The bytes reserved for the headers of Tread, Treaddir and Twrite: IOHDRSZ and READDIRHDRSZ of the protocol. This
     * is one byte more than the longest of these headers. diod rejects requests that leave less ({@code
     * libnpfs/fcall.c}).
     */
    private static final int IO_HEADER_SIZE = 24;

    /** How long {@link #close} waits for the requests in flight, and again for the last Rversion. */
    private static final long CLOSE_PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(5);

    private final Channel channel;
    private final OperationRecorder recorder = new OperationRecorder();
    private final Exchange exchange;
    private final int msize;
    private final FidTable fids;
    private final int nUname;
    private final ByteString aname;
    private final LongAdder bytesRead = new LongAdder();
    private final LongAdder bytesWritten = new LongAdder();

    private Session(final Channel channel, final SessionOptions options) throws IOException {
        this.channel = channel;
        this.nUname = options.nUname();
        this.aname = options.aname();
        this.exchange = new Exchange(channel, options.requestTimeout(), recorder);
        try {
            this.msize = new Handshake(this::version, exchange.timeoutNanos())
                    .negotiate(Math.min(options.msize(), channel.maxMessageSize()), channel.mayLoseFirstReply());
            exchange.limit(msize);
            this.fids = new FidTable(new SessionFidRequests(this), options.maxFids());
            attachRoot(options);
            exchange.setEstablished(true);
        } catch (final IOException | RuntimeException e) {
            closeExchange();
            throw e;
        }
    }

    /**
     * Negotiates the version and the msize, and attaches. Blocks until the server has answered. The session owns {@code
     * channel} from the call on, and closes it even if this method fails.
     *
     * @throws IOException if the server does not speak 9P2000.L, refuses the tree or the user, or disconnects; the
     *     message says which
     */
    public static Session connect(final Channel channel, final SessionOptions options) throws IOException {
        return new Session(channel, options);
    }

    private void attachRoot(final SessionOptions options) throws IOException {
        final int fid = fids.take();
        try {
            final Rattach root = attach(fid, options.uname(), options.aname(), options.nUname())
                    .await(Math.min(Handshake.PATIENCE_NANOS, exchange.timeoutNanos()));
            fids.setRoot(fid, root.qid());
        } catch (final RemoteException e) {
            throw new IOException(
                    "cannot attach to the tree \"" + options.aname() + "\" as " + options.uname()
                            + " (uid " + Integer.toUnsignedString(options.nUname()) + "): the server answered errno "
                            + e.errno() + "; check -o aname= and -o uname=, and what the server exports",
                    e);
        }
    }

    /** Returns the fids of this session. */
    public FidTable fids() {
        return fids;
    }

    /**
     * Returns whether the server is nfs-ganesha, which is known once it has sent its first error. It ignores the flags
     * APPEND, EXCL and AT_REMOVEDIR ({@code src/Protocols/9P}: 9p_proto_tools.c, 9p_lcreate.c, 9p_unlinkat.c).
     */
    public boolean isGanesha() {
        return exchange.sendsRerror();
    }

    /** Returns how long a request may go unanswered, in nanoseconds. */
    public long timeoutNanos() {
        return exchange.timeoutNanos();
    }

    /** Returns the largest message of this session, in bytes. */
    public int msize() {
        return msize;
    }

    /** Returns the most data bytes that one Tread, Treaddir or Twrite may carry. */
    public int maxIo() {
        return msize - IO_HEADER_SIZE;
    }

    /** Returns how many requests may be in flight at once. A Tread counts until its reply is closed. */
    public int maxRequests() {
        return exchange.tagsMax();
    }

    /** Returns how many of the requests in flight may carry data, in either direction. */
    public int maxDataRequests() {
        return channel.maxDataRequests();
    }

    /** Returns the numeric ID of the user that the session is attached as. */
    public int userId() {
        return nUname;
    }

    /** Returns the description of the channel. */
    public ChannelInfo channelInfo() {
        return channel.info();
    }

    /**
     * Starts a batch. The server is notified together of all requests that any thread sends until the batch is closed.
     */
    public Batch batch() {
        return exchange.batch();
    }

    /**
     * Makes some thread receive all replies at once until the result is closed. For a thread that waits for the effect of
     * replies, such as a free permit, and not for a {@link Call}.
     */
    public Bystander receiveForBystander() {
        return exchange.receiveForBystander();
    }

    /** Returns a snapshot of the session's state. Sends no request. */
    public SessionStatus status() {
        final List<Call<?>> inFlight = exchange.inFlight();
        final long now = System.nanoTime();
        // In this order: if the session ends in between, the second read sees it.
        final boolean lasts = !exchange.hasEnded();
        final Optional<SessionEnd> end = exchange.unexpectedEnd();
        return new SessionStatus(
                lasts && end.isEmpty(),
                end,
                Tversion.VERSION_9P2000_L.toString(),
                msize,
                inFlight.size(),
                inFlight.stream()
                        .mapToLong(call -> now - call.begunNanos())
                        .max()
                        .orElse(0),
                exchange.tagsUsed(),
                exchange.tagsMax(),
                fids.used(),
                fids.max(),
                exchange.strays(),
                bytesRead.sum(),
                bytesWritten.sum(),
                recorder.snapshot());
    }

    // One method per message, in the order of the message types. A method blocks only until a tag is free.

    /** Sends a {@link Tstatfs}. */
    public Call<Rstatfs> statfs(final int fid) {
        return call(new Tstatfs(fid), Rstatfs.class);
    }

    /** Sends a {@link Tlopen}. {@code flags} are bits of {@link dev.ninepin.p9.OpenFlags}. */
    public Call<Rlopen> lopen(final int fid, final int flags) {
        return call(new Tlopen(fid, flags), Rlopen.class);
    }

    /** Sends a {@link Tlcreate}. {@code flags} are bits of {@link dev.ninepin.p9.OpenFlags}. */
    public Call<Rlcreate> lcreate(
            final int fid, final ByteString name, final int flags, final int mode, final int gid) {
        return call(new Tlcreate(fid, name, flags, mode, gid), Rlcreate.class);
    }

    /** Sends a {@link Tsymlink}. */
    public Call<Rsymlink> symlink(final int dfid, final ByteString name, final ByteString target, final int gid) {
        return call(new Tsymlink(dfid, name, target, gid), Rsymlink.class);
    }

    /** Sends a {@link Tmknod}. */
    public Call<Rmknod> mknod(
            final int dfid, final ByteString name, final int mode, final int major, final int minor, final int gid) {
        return call(new Tmknod(dfid, name, mode, major, minor, gid), Rmknod.class);
    }

    /** Sends a {@link Trename}. */
    public Call<Rmessage> rename(final int fid, final int dfid, final ByteString name) {
        return call(new Trename(fid, dfid, name), Rmessage.class);
    }

    /** Sends a {@link Treadlink}. */
    public Call<Rreadlink> readlink(final int fid) {
        return call(new Treadlink(fid), Rreadlink.class);
    }

    /** Sends a {@link Tgetattr}. {@code requestMask} has bits of {@link dev.ninepin.p9.AttrMask}. */
    public Call<Rgetattr> getattr(final int fid, final long requestMask) {
        return call(new Tgetattr(fid, requestMask), Rgetattr.class);
    }

    /** Sends a {@link Tsetattr}. */
    public Call<Rmessage> setattr(final Tsetattr change) {
        return call(change, Rmessage.class);
    }

    /** Sends a {@link Txattrwalk}. */
    public Call<Rxattrwalk> xattrwalk(final int fid, final int newfid, final ByteString name) {
        return call(new Txattrwalk(fid, newfid, name), Rxattrwalk.class);
    }

    /** Sends a {@link Txattrcreate}. {@code size} is the length of the value in bytes. */
    public Call<Rmessage> xattrcreate(final int fid, final ByteString name, final long size, final int flags) {
        return call(new Txattrcreate(fid, name, size, flags), Rmessage.class);
    }

    /**
     * Sends a Treaddir.
     *
     * @param count the most bytes of entries to return, at most {@link #maxIo}
     */
    public Call<List<Dirent>> readdir(final int fid, final long offset, final int count) {
        return exchange.call(
                new Treaddir(fid, offset, count),
                (reply, memory) -> Dirent.decodeAll(atMost(count, ((Rreaddir) reply).data())));
    }

    /** Sends a {@link Tfsync}. */
    public Call<Rmessage> fsync(final int fid, final boolean dataOnly) {
        return call(new Tfsync(fid, dataOnly ? 1 : 0), Rmessage.class);
    }

    /** Sends a {@link Tlock}. */
    public Call<Rlock> lock(final Tlock lock) {
        return call(lock, Rlock.class);
    }

    /** Sends a {@link Tgetlock}. */
    public Call<Rgetlock> getlock(final Tgetlock lock) {
        return call(lock, Rgetlock.class);
    }

    /** Sends a {@link Tlink}. */
    public Call<Rmessage> link(final int dfid, final int fid, final ByteString name) {
        return call(new Tlink(dfid, fid, name), Rmessage.class);
    }

    /** Sends a {@link Tmkdir}. */
    public Call<Rmkdir> mkdir(final int dfid, final ByteString name, final int mode, final int gid) {
        return call(new Tmkdir(dfid, name, mode, gid), Rmkdir.class);
    }

    /** Sends a {@link Trenameat}. */
    public Call<Rmessage> renameat(
            final int olddirfid, final ByteString oldname, final int newdirfid, final ByteString newname) {
        return call(new Trenameat(olddirfid, oldname, newdirfid, newname), Rmessage.class);
    }

    /** Sends a {@link Tunlinkat}. */
    public Call<Rmessage> unlinkat(final int dirfid, final ByteString name, final int flags) {
        return call(new Tunlinkat(dirfid, name, flags), Rmessage.class);
    }

    private Call<Rversion> version(final Tversion request) {
        return exchange.callVersion(request, (reply, memory) -> (Rversion) reply);
    }

    /** Sends a {@link Tattach} without authentication. */
    public Call<Rattach> attach(final int fid, final ByteString uname, final ByteString aname, final int nUname) {
        return call(new Tattach(fid, Tattach.NOFID, uname, aname, nUname), Rattach.class);
    }

    /** Attaches another user to the same tree, by number only, as the kernel's client does ({@code fs/9p/fid.c}). */
    Call<Rattach> attach(final int fid, final int user) {
        return attach(fid, ByteString.EMPTY, aname, user);
    }

    /** Sends a {@link Twalk}. The reply has at most as many qids as {@code names}. */
    public Call<Rwalk> walk(final int fid, final int newfid, final List<ByteString> names) {
        return exchange.call(new Twalk(fid, newfid, names), (reply, memory) -> {
            final Rwalk walk = (Rwalk) reply;
            if (walk.qids().size() > names.size()) {
                throw new ProtocolException("Rwalk has " + walk.qids().size() + " qids for " + names.size() + " names");
            }
            return walk;
        });
    }

    /**
     * Sends a Tread. The caller closes the reply.
     *
     * @param count the most bytes to read, at most {@link #maxIo}
     */
    public Call<ReadReply> read(final int fid, final long offset, final int count) {
        return exchange.call(new Tread(fid, offset, count), (reply, memory) -> {
            final ByteBuffer data = atMost(count, ((Rread) reply).data());
            bytesRead.add(data.remaining());
            return new ReadReply(data, memory);
        });
    }

    /**
     * Sends the remaining bytes of {@code data}, at most {@link #maxIo}. The request is sent before this method
     * returns.
     */
    public Call<Rwrite> write(final int fid, final long offset, final ByteBuffer data) {
        return write(fid, offset, data, exchange.timeoutNanos());
    }

    /** Sends bytes like {@link #write(int, long, ByteBuffer)}, but waits at most {@code patienceNanos} for a tag. */
    public Call<Rwrite> write(final int fid, final long offset, final ByteBuffer data, final long patienceNanos) {
        final int count = data.remaining();
        return exchange.call(
                new Twrite(fid, offset, data),
                (reply, memory) -> {
                    final Rwrite written = (Rwrite) reply;
                    if (Integer.compareUnsigned(written.count(), count) > 0) {
                        throw new ProtocolException("Rwrite reports " + Integer.toUnsignedString(written.count())
                                + " bytes written of " + count + " bytes sent");
                    }
                    bytesWritten.add(written.count());
                    return written;
                },
                patienceNanos);
    }

    /** Sends a {@link Tclunk}. */
    Call<Rmessage> clunk(final int fid) {
        return call(new Tclunk(fid), Rmessage.class);
    }

    /** Clunks a fid like {@link #clunk(int)}, but waits at most {@code patienceNanos} for a tag. */
    Call<Rmessage> clunk(final int fid, final long patienceNanos) {
        return exchange.call(new Tclunk(fid), (reply, memory) -> reply, patienceNanos);
    }

    /** Sends a {@link Tremove}. */
    Call<Rmessage> remove(final int fid) {
        return call(new Tremove(fid), Rmessage.class);
    }

    private <R extends Rmessage> Call<R> call(final Tmessage request, final Class<R> reply) {
        return exchange.call(request, (message, memory) -> reply.cast(message));
    }

    private static ByteBuffer atMost(final int count, final ByteBuffer data) throws ProtocolException {
        if (data.remaining() > count) {
            throw new ProtocolException(
                    "a reply has " + data.remaining() + " bytes of data, but " + count + " were requested");
        }
        return data;
    }

    /**
     * Ends the session. Clunks the path fids, sends a last Tversion so that the server drops the other fids, and closes
     * the channel. Requests in flight fail. Blocks until the reply reader has terminated. Does nothing if the session
     * is already closed.
     */
    @Override
    public void close() {
        exchange.setEstablished(false);
        // Even an interrupted thread must tell the server that the session ends.
        final boolean interrupted = Thread.interrupted();
        if (!exchange.hasEnded()) {
            try {
                final long patience = Math.min(CLOSE_PATIENCE_NANOS, exchange.timeoutNanos());
                final long deadline = System.nanoTime() + patience;
                fids.clunkAll(deadline);
                exchange.awaitAnswers(deadline - System.nanoTime());
                if (exchange.canFlush() || exchange.awaitQuiet(deadline - System.nanoTime())) {
                    version(new Tversion(msize, Tversion.VERSION_9P2000_L)).await(patience);
                }
            } catch (final IOException e) {
                LOG.debug("the server did not hear the session's end: {}", e.getMessage());
            }
        }
        closeExchange();
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void closeExchange() {
        try {
            exchange.close();
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
