package dev.ninepin.session;

import static dev.ninepin.session.Connection.as;

import dev.ninepin.channel.Channel;
import dev.ninepin.channel.ChannelInfo;
import dev.ninepin.channel.ChannelSource;
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
import dev.ninepin.session.exchange.RequestTimeoutException;
import dev.ninepin.session.exchange.SessionEnd;
import dev.ninepin.session.exchange.SessionEndedException;
import dev.ninepin.session.fid.FidTable;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
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

    /** How long {@link #close} waits, for the requests in flight and the last Rversion together. */
    private static final long CLOSE_PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(2);

    /** The most times that {@link #repeatIfLost} repeats requests: they may be what ends the connections. */
    private static final int MOST_REPETITIONS = 16;

    private final OperationRecorder recorder = new OperationRecorder();
    private final Connections connections;
    private final FidTable fids;
    private final int nUname;
    private final ByteString uname;
    private final ByteString aname;
    private final LongAdder bytesRead = new LongAdder();
    private final LongAdder bytesWritten = new LongAdder();

    private Session(final @Nullable ChannelSource source, final Channel channel, final SessionOptions options)
            throws IOException {
        this.nUname = options.nUname();
        this.uname = options.uname();
        this.aname = options.aname();
        final Connection first = Connection.open(channel, 0, options, recorder, this::lost);
        this.connections = new Connections(source, options, recorder, first);
        try {
            this.fids = new FidTable(new SessionFidRequests(this), options.maxFids());
            final int root = fids.take();
            fids.setRoot(root, first.attachRoot(root).qid());
        } catch (final IOException | RuntimeException e) {
            first.close();
            throw e;
        }
        connections.begin(fids);
    }

    /**
     * Negotiates the version and the msize, and attaches. Blocks until the server has answered. The session owns {@code
     * channel} from the call on, and closes it even if this method fails. The session ends with the channel.
     *
     * @throws IOException if the server does not speak 9P2000.L, refuses the tree or the user, or disconnects; the
     *     message says which
     */
    public static Session connect(final Channel channel, final SessionOptions options) throws IOException {
        return new Session(null, channel, options);
    }

    /**
     * Connects as {@link #connect(Channel, SessionOptions)} does, over a channel of {@code source}. If the channel ends,
     * the session goes on over another one.
     */
    public static Session connect(final ChannelSource source, final SessionOptions options) throws IOException {
        return new Session(source, source.open(), options);
    }

    /** Connects over {@code channel}, and goes on over further channels of {@code source} if it ends. */
    public static Session connect(final Channel channel, final ChannelSource source, final SessionOptions options)
            throws IOException {
        return new Session(source, channel, options);
    }

    private void lost(final SessionEnd why) {
        connections.lost(0, why);
    }

    /** Sends the last Tversion of a connection, so that the server drops all fids. Waits at most until {@code deadline}. */
    private static void tellEnd(final Connection last, final long deadline) {
        final Exchange exchange = last.exchange();
        try {
            exchange.awaitAnswers(deadline - System.nanoTime());
            if (exchange.canFlush() || exchange.awaitQuiet(deadline - System.nanoTime())) {
                last.version(new Tversion(last.msize(), Tversion.VERSION_9P2000_L))
                        .await(deadline - System.nanoTime());
            }
        } catch (final IOException e) {
            LOG.debug("the server did not hear the session's end: {}", e.getMessage());
        }
    }

    /** Returns the fids of this session. */
    public FidTable fids() {
        return fids;
    }

    /** One or more requests that are repeated as a whole. */
    @FunctionalInterface
    public interface Requests<T> {
        T run() throws IOException;
    }

    /**
     * Runs requests. If their connection ends, and they may be repeated, waits for the next connection and runs them
     * again. Requests over a fid from before this call are not run again, since the fid is lost.
     *
     * @throws SessionEndedException if the requests may not be repeated, or no other connection follows
     * @throws RequestTimeoutException if the server has been away for longer than {@link SessionOptions#patience}
     * @throws InterruptedIOException if the thread is interrupted while it waits
     */
    public <T> T repeatIfLost(final Requests<T> requests) throws IOException {
        for (int repetitions = 0; ; repetitions++) {
            final int begun = connections.current().number();
            try {
                return requests.run();
            } catch (final SessionEndedException e) {
                if (!e.isRepeatable() || e.connection() < begun) {
                    throw e;
                } else if (repetitions == MOST_REPETITIONS) {
                    throw e.asFinal();
                }
                connections.awaitAfter(e);
            }
        }
    }

    /**
     * Blocks until there is a connection after the one of a failure.
     *
     * @throws IOException as {@link #repeatIfLost} does
     */
    public void awaitReturn(final SessionEndedException lost) throws IOException {
        connections.awaitAfter(lost);
    }

    /**
     * Makes each wait of this thread for a server that is away end as if the thread was interrupted, once {@code condition}
     * is true. For a thread that is never interrupted, since its requests must not be.
     */
    public static void giveUpIf(final BooleanSupplier condition) {
        Connections.GIVES_UP.set(condition);
    }

    /** Returns the condition that {@link #giveUpIf} was called with on this thread; never true if it was not called. */
    public static BooleanSupplier givesUp() {
        final BooleanSupplier condition = Connections.GIVES_UP.get();
        return condition == null ? () -> false : condition;
    }

    /** Makes requests fail instead of waiting for a server that is away: the session will be closed soon. */
    public void stopWaiting() {
        connections.stopWaiting();
    }

    /** Sets the action to run after each return of the server, for requests that nobody waits for. */
    public void setAfterReturn(final Runnable action) {
        connections.setAfterReturn(action);
    }

    /** Runs an action once after the next return of the server. It may send requests. */
    public void runOnceAfterReturn(final Runnable action) {
        connections.runOnceAfterReturn(action);
    }

    /** Returns whether the session goes on over another connection when one has ended. */
    public boolean reconnects() {
        return connections.lastsBeyondConnection();
    }

    /** Returns the number of the present connection, which may have ended: a later one has a larger number. */
    public int connection() {
        return connections.current().number();
    }

    /**
     * Returns whether the server is nfs-ganesha, which is known once it has sent its first error. It ignores the flags
     * APPEND, EXCL and AT_REMOVEDIR ({@code src/Protocols/9P}: 9p_proto_tools.c, 9p_lcreate.c, 9p_unlinkat.c).
     */
    public boolean isGanesha() {
        return exchange().sendsRerror();
    }

    /** Returns how long a request may go unanswered, in nanoseconds. */
    public long timeoutNanos() {
        return exchange().timeoutNanos();
    }

    /** Returns the largest message of the present connection, in bytes. */
    public int msize() {
        return connections.current().msize();
    }

    /**
     * Returns the most data bytes that one Tread, Treaddir or Twrite may carry. The next connection may allow less: a
     * caller takes the fid first.
     */
    public int maxIo() {
        return msize() - IO_HEADER_SIZE;
    }

    /** Returns how many requests may be in flight at once. A Tread counts until its reply is closed. */
    public int maxRequests() {
        return exchange().tagsMax();
    }

    /** Returns how many of the requests in flight may carry data, in either direction. */
    public int maxDataRequests() {
        return connections.current().channel().maxDataRequests();
    }

    /**
     * Returns whether the server may have lost data that it acknowledged over the connection {@code since} and was not
     * asked to sync: it was reached again since, and may run on a host that has crashed.
     */
    public boolean mayHaveForgotten(final int since) {
        final Connection at = connections.current();
        return since < at.number() && at.channel().mayReachOtherHost();
    }

    /** Returns whether the server may run on another host, which may crash without this one. */
    public boolean mayReachOtherHost() {
        return connections.current().channel().mayReachOtherHost();
    }

    /** Returns the numeric ID of the user that the session is attached as. */
    public int userId() {
        return nUname;
    }

    /** Returns the description of the channel. */
    public ChannelInfo channelInfo() {
        return connections.current().channel().info();
    }

    /**
     * Starts a batch. The server is notified together of all requests that any thread sends until the batch is closed.
     */
    public Batch batch() {
        return exchange().batch();
    }

    /**
     * Makes some thread receive all replies at once until the result is closed. For a thread that waits for the effect of
     * replies, such as a free permit, and not for a {@link Call}.
     */
    public Bystander receiveForBystander() {
        return exchange().receiveForBystander();
    }

    /** Returns a snapshot of the session's state. Sends no request. */
    public SessionStatus status() {
        final Exchange exchange = exchange();
        final List<Call<?>> inFlight = exchange.inFlight();
        final long now = System.nanoTime();
        // In this order: if the connection ends in between, the second read sees it.
        final boolean lasts = !exchange.hasEnded();
        final Connections.Condition condition = connections.condition();
        return new SessionStatus(
                state(lasts, condition),
                Optional.ofNullable(condition.end()),
                condition.tries(),
                Optional.ofNullable(condition.tryFailure()),
                Optional.ofNullable(condition.nextTry()),
                Tversion.VERSION_9P2000_L.toString(),
                msize(),
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

    private SessionStatus.State state(final boolean lasts, final Connections.Condition condition) {
        if (lasts && condition.end() == null) {
            return exchange().isSilent() ? SessionStatus.State.SILENT : SessionStatus.State.CONNECTED;
        }
        return condition.closed() || !connections.lastsBeyondConnection()
                ? SessionStatus.State.ENDED
                : SessionStatus.State.RECONNECTING;
    }

    private Exchange exchange() {
        return connections.current().exchange();
    }

    /** Returns the connection to send a request over. Ends a connection whose server has been silent for too long. */
    private Connection at() {
        final Connection at = connections.current();
        if (connections.lastsBeyondConnection() && at.exchange().isSilentForLong()) {
            at.exchange().endSilence();
        }
        return at;
    }

    // One method per message, in the order of the message types. A method blocks only until a tag is free.

    /** Sends a {@link Tstatfs}. */
    public Call<Rstatfs> statfs(final int fid) {
        final Connection at = at();
        return at.call(fid, new Tstatfs(at.wire(fid)), as(Rstatfs.class));
    }

    /** Sends a {@link Tlopen}. {@code flags} are bits of {@link dev.ninepin.p9.OpenFlags}. */
    public Call<Rlopen> lopen(final int fid, final int flags) {
        final Connection at = at();
        return at.call(fid, new Tlopen(at.wire(fid), flags), as(Rlopen.class));
    }

    /** Sends a {@link Tlcreate}. {@code flags} are bits of {@link dev.ninepin.p9.OpenFlags}. */
    public Call<Rlcreate> lcreate(
            final int fid, final ByteString name, final int flags, final int mode, final int gid) {
        final Connection at = at();
        return at.call(fid, new Tlcreate(at.wire(fid), name, flags, mode, gid), as(Rlcreate.class));
    }

    /** Sends a {@link Tsymlink}. */
    public Call<Rsymlink> symlink(final int dfid, final ByteString name, final ByteString target, final int gid) {
        final Connection at = at();
        return at.call(dfid, new Tsymlink(at.wire(dfid), name, target, gid), as(Rsymlink.class));
    }

    /** Sends a {@link Tmknod}. */
    public Call<Rmknod> mknod(
            final int dfid, final ByteString name, final int mode, final int major, final int minor, final int gid) {
        final Connection at = at();
        return at.call(dfid, new Tmknod(at.wire(dfid), name, mode, major, minor, gid), as(Rmknod.class));
    }

    /** Sends a {@link Trename}. */
    public Call<Rmessage> rename(final int fid, final int dfid, final ByteString name) {
        final Connection at = at();
        return at.call(fid, dfid, new Trename(at.wire(fid), at.wire(dfid), name), as(Rmessage.class));
    }

    /** Sends a {@link Treadlink}. */
    public Call<Rreadlink> readlink(final int fid) {
        final Connection at = at();
        return at.call(fid, new Treadlink(at.wire(fid)), as(Rreadlink.class));
    }

    /** Sends a {@link Tgetattr}. {@code requestMask} has bits of {@link dev.ninepin.p9.AttrMask}. */
    public Call<Rgetattr> getattr(final int fid, final long requestMask) {
        final Connection at = at();
        return at.call(fid, new Tgetattr(at.wire(fid), requestMask), as(Rgetattr.class));
    }

    /** Sends a {@link Tsetattr}. */
    public Call<Rmessage> setattr(final Tsetattr change) {
        final Connection at = at();
        final Tsetattr request = new Tsetattr(
                at.wire(change.fid()),
                change.valid(),
                change.mode(),
                change.uid(),
                change.gid(),
                change.size(),
                change.atimeSec(),
                change.atimeNsec(),
                change.mtimeSec(),
                change.mtimeNsec());
        return at.call(change.fid(), request, as(Rmessage.class));
    }

    /** Sends a {@link Txattrwalk}. */
    public Call<Rxattrwalk> xattrwalk(final int fid, final int newfid, final ByteString name) {
        final Connection at = at();
        return at.call(fid, newfid, new Txattrwalk(at.wire(fid), at.wire(newfid), name), as(Rxattrwalk.class));
    }

    /** Sends a {@link Txattrcreate}. {@code size} is the length of the value in bytes. */
    public Call<Rmessage> xattrcreate(final int fid, final ByteString name, final long size, final int flags) {
        final Connection at = at();
        return at.call(fid, new Txattrcreate(at.wire(fid), name, size, flags), as(Rmessage.class));
    }

    /**
     * Sends a Treaddir.
     *
     * @param count the most bytes of entries to return, at most {@link #maxIo}
     */
    public Call<List<Dirent>> readdir(final int fid, final long offset, final int count) {
        final Connection at = at();
        return at.call(
                fid,
                new Treaddir(at.wire(fid), offset, count),
                (reply, memory) -> Dirent.decodeAll(atMost(count, ((Rreaddir) reply).data())));
    }

    /** Sends a {@link Tfsync}. */
    public Call<Rmessage> fsync(final int fid, final boolean dataOnly) {
        final Connection at = at();
        return at.call(fid, new Tfsync(at.wire(fid), dataOnly ? 1 : 0), as(Rmessage.class));
    }

    /** Sends a {@link Tlock}. */
    public Call<Rlock> lock(final Tlock lock) {
        final Connection at = at();
        final Tlock request = new Tlock(
                at.wire(lock.fid()),
                lock.type(),
                lock.flags(),
                lock.start(),
                lock.length(),
                lock.procId(),
                lock.clientId());
        return at.call(lock.fid(), request, as(Rlock.class));
    }

    /** Sends a {@link Tgetlock}. */
    public Call<Rgetlock> getlock(final Tgetlock lock) {
        final Connection at = at();
        final Tgetlock request = new Tgetlock(
                at.wire(lock.fid()), lock.type(), lock.start(), lock.length(), lock.procId(), lock.clientId());
        return at.call(lock.fid(), request, as(Rgetlock.class));
    }

    /** Sends a {@link Tlink}. */
    public Call<Rmessage> link(final int dfid, final int fid, final ByteString name) {
        final Connection at = at();
        return at.call(dfid, fid, new Tlink(at.wire(dfid), at.wire(fid), name), as(Rmessage.class));
    }

    /** Sends a {@link Tmkdir}. */
    public Call<Rmkdir> mkdir(final int dfid, final ByteString name, final int mode, final int gid) {
        final Connection at = at();
        return at.call(dfid, new Tmkdir(at.wire(dfid), name, mode, gid), as(Rmkdir.class));
    }

    /** Sends a {@link Trenameat}. */
    public Call<Rmessage> renameat(
            final int olddirfid, final ByteString oldname, final int newdirfid, final ByteString newname) {
        final Connection at = at();
        return at.call(
                olddirfid,
                newdirfid,
                new Trenameat(at.wire(olddirfid), oldname, at.wire(newdirfid), newname),
                as(Rmessage.class));
    }

    /** Sends a {@link Tunlinkat}. */
    public Call<Rmessage> unlinkat(final int dirfid, final ByteString name, final int flags) {
        final Connection at = at();
        return at.call(dirfid, new Tunlinkat(at.wire(dirfid), name, flags), as(Rmessage.class));
    }

    /**
     * Attaches a user to the tree. Other users than the session's are attached by number only, as the kernel's client
     * does ({@code fs/9p/fid.c}).
     */
    Call<Rattach> attach(final int fid, final int user) {
        final Connection at = at();
        final ByteString name = user == nUname ? uname : ByteString.EMPTY;
        return at.call(fid, new Tattach(at.wire(fid), Tattach.NOFID, name, aname, user), as(Rattach.class));
    }

    /** Sends a {@link Twalk}. The reply has at most as many qids as {@code names}. */
    public Call<Rwalk> walk(final int fid, final int newfid, final List<ByteString> names) {
        final Connection at = at();
        return at.call(fid, newfid, new Twalk(at.wire(fid), at.wire(newfid), names), (reply, memory) -> {
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
        final Connection at = at();
        return at.call(fid, new Tread(at.wire(fid), offset, count), (reply, memory) -> {
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
        return write(fid, offset, data, timeoutNanos());
    }

    /** Sends bytes like {@link #write(int, long, ByteBuffer)}, but waits at most {@code patienceNanos} for a tag. */
    public Call<Rwrite> write(final int fid, final long offset, final ByteBuffer data, final long patienceNanos) {
        final int count = data.remaining();
        final Connection at = at();
        return at.call(
                fid,
                new Twrite(at.wire(fid), offset, data),
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
        final Connection at = at();
        return at.call(fid, new Tclunk(at.wire(fid)), as(Rmessage.class));
    }

    /** Clunks a fid like {@link #clunk(int)}, but waits at most {@code patienceNanos} for a tag. */
    Call<Rmessage> clunk(final int fid, final long patienceNanos) {
        final Connection at = at();
        return at.call(fid, new Tclunk(at.wire(fid)), as(Rmessage.class), patienceNanos);
    }

    /** Sends a {@link Tremove}. */
    Call<Rmessage> remove(final int fid) {
        final Connection at = at();
        return at.call(fid, new Tremove(at.wire(fid)), as(Rmessage.class));
    }

    private static ByteBuffer atMost(final int count, final ByteBuffer data) throws ProtocolException {
        if (data.remaining() > count) {
            throw new ProtocolException(
                    "a reply has " + data.remaining() + " bytes of data, but " + count + " were requested");
        }
        return data;
    }

    /**
     * Ends the present connection in an orderly way, so that the server drops the session's fids and locks, and a server
     * that this process started ends. Another program may then connect in its place. If none does, {@link #goOn} follows.
     * No request may be in progress.
     *
     * @throws IOException if there is no connection, or none could follow; nothing has changed then
     */
    public void suspend() throws IOException {
        final Connection last =
                connections.suspend().orElseThrow(() -> new IOException("there is no connection to the server"));
        final Exchange exchange = last.exchange();
        exchange.setEstablished(false);
        tellEnd(last, System.nanoTime() + Math.min(CLOSE_PATIENCE_NANOS, exchange.timeoutNanos()));
        last.close();
    }

    /** Connects to the server again after {@link #suspend}. */
    public void goOn(final String reason) {
        connections.goOn(reason);
    }

    /**
     * Ends the session. Clunks the path fids, sends a last Tversion so that the server drops the other fids, and closes
     * the channel. Requests in flight fail. Blocks until the reply reader has terminated. Does nothing if the session
     * is already closed.
     */
    @Override
    public void close() {
        // Even an interrupted thread must tell the server that the session ends.
        final boolean interrupted = Thread.interrupted();
        connections.close();
        final Connection last = connections.current();
        final Exchange exchange = last.exchange();
        exchange.setEstablished(false);
        if (!exchange.hasEnded()) {
            final long deadline = System.nanoTime() + Math.min(CLOSE_PATIENCE_NANOS, exchange.timeoutNanos());
            fids.clunkAll(deadline);
            tellEnd(last, deadline);
        }
        last.close();
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
