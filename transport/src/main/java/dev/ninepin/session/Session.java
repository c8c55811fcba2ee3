package dev.ninepin.session;

import static dev.ninepin.session.Connection.castTo;

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
import dev.ninepin.session.exchange.WaitCondition;
import dev.ninepin.session.fid.FidTable;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
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

    /** The most times that {@link #repeatIfLost} repeats requests. The requests may be what ends the connections. */
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
        final Connection first = Connection.open(channel, 0, options, recorder, this::recordFirstEnd);
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
     * channel} from the call on, and closes the channel even if this method fails. The session ends with the channel.
     *
     * @throws IOException if the server does not speak 9P2000.L, refuses the tree or the user, or disconnects; the
     *     message says which
     */
    public static Session connect(final Channel channel, final SessionOptions options) throws IOException {
        return new Session(null, channel, options);
    }

    /**
     * Connects as {@link #connect(Channel, SessionOptions)} does, over a channel of {@code source}. If the channel
     * ends, the session opens another one.
     */
    public static Session connect(final ChannelSource source, final SessionOptions options) throws IOException {
        return new Session(source, source.open(), options);
    }

    /** Connects over {@code channel}. If the channel ends, the session opens another one from {@code source}. */
    public static Session connect(final Channel channel, final ChannelSource source, final SessionOptions options)
            throws IOException {
        return new Session(source, channel, options);
    }

    private void recordFirstEnd(final SessionEnd why) {
        connections.recordEnd(0, why);
    }

    /**
     * Sends the last Tversion of a connection, so that the server drops all fids. Blocks until {@code deadline} at
     * most.
     */
    private static void tellEnd(final Connection last, final long deadline) {
        final Exchange exchange = last.exchange();
        exchange.awaitAnswers(deadline - System.nanoTime());
        try (WaitCondition.Scope scope = WaitCondition.begin(() -> true)) {
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

    /** A group of requests that is repeated as a whole. */
    @FunctionalInterface
    public interface Requests<T> {
        T run() throws IOException;
    }

    /**
     * Runs requests. If their connection ends and they may be repeated, waits for the next connection and runs them
     * again. If they failed over a fid from before this call, they are not run again, because the fid stays lost.
     *
     * @throws SessionEndedException if the requests may not be repeated, or no other connection follows
     * @throws RequestTimeoutException if no connection was open for {@link SessionOptions#patience}
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
                    throw e.asUnrepeatable();
                }
                connections.awaitConnectionAfter(e);
            }
        }
    }

    /**
     * Blocks until a connection after the one of {@code lost} is open.
     *
     * @throws IOException as {@link #repeatIfLost} does
     */
    public void awaitConnectionAfter(final SessionEndedException lost) throws IOException {
        connections.awaitConnectionAfter(lost);
    }

    /** Makes requests fail instead of waiting for a connection, because the session will be closed soon. */
    public void stopWaiting() {
        connections.stopWaiting();
    }

    /** Sets the action to run after each reconnection. The action may send requests, for which no program waits. */
    public void setReconnectAction(final Runnable action) {
        connections.setReconnectAction(action);
    }

    /** Runs an action once, after the next reconnection. The action may send requests. */
    public void runOnceAfterReconnection(final Runnable action) {
        connections.runOnceAfterReconnection(action);
    }

    /** Returns whether another connection is opened when one has ended. */
    public boolean reconnects() {
        return connections.reconnects();
    }

    /** Asks the server for a sign of life, and returns whether it answers. Blocks for at most {@code patienceNanos}. */
    public boolean isAnswering(final long patienceNanos) {
        final Exchange exchange = connections.current().exchange();
        return !exchange.hasEnded() && exchange.showsSignOfLife(patienceNanos);
    }

    /**
     * Fails the requests in flight if the server is silent. If no thread awaits these requests, the thread that waits
     * for their effects calls this method about once a second.
     */
    public void lookForSilence() {
        connections.current().exchange().lookForSilence();
    }

    /** Returns whether an action of {@link #runOnceAfterReconnection} has not ended yet. */
    public boolean hasActionsToRun() {
        return connections.hasActionsToRun();
    }

    /** Returns whether there is a connection. It may end at any time. */
    public boolean isConnected() {
        return !connections.current().exchange().hasEnded();
    }

    /** Returns the number of the latest connection, which may have ended. Later connections have larger numbers. */
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

    /** Returns the largest message of the latest connection, in bytes. */
    public int msize() {
        return connections.current().msize();
    }

    /**
     * Returns the most data bytes that one Tread, Treaddir or Twrite may carry. The next connection may allow less, so
     * a caller gets the fid before it calls this method.
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
     * Returns whether the server may have lost unsynced data that it acknowledged over a connection: another connection
     * followed, and the server may run on a host that has crashed.
     *
     * @param since the number of the connection
     */
    public boolean mayHaveLostUnsynced(final int since) {
        return since < connection() && mayLoseUnsynced();
    }

    /** Returns whether the server may lose unsynced data between two connections, because its host crashes. */
    public boolean mayLoseUnsynced() {
        return reconnects() && connections.current().channel().mayReachOtherHost();
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
                condition.silentNanos(),
                condition.patienceNanos(),
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
            return condition.isSilent() ? SessionStatus.State.SILENT : SessionStatus.State.CONNECTED;
        }
        return condition.closed() || !connections.reconnects()
                ? SessionStatus.State.ENDED
                : SessionStatus.State.RECONNECTING;
    }

    private Exchange exchange() {
        return connections.current().exchange();
    }

    /** Returns the connection to send a request over. Ends that connection if the server is silent for too long. */
    private Connection connectionToUse() {
        final Connection latest = connections.current();
        if (connections.reconnects() && latest.exchange().isSilentForLong()) {
            latest.exchange().endSilentConnection();
        }
        return latest;
    }

    // One method per message, in the order of the message types. A method blocks only until a tag is free.

    /** Sends a {@link Tstatfs}. */
    public Call<Rstatfs> statfs(final int fid) {
        final Connection latest = connectionToUse();
        return latest.call(fid, new Tstatfs(latest.wire(fid)), castTo(Rstatfs.class));
    }

    /** Sends a {@link Tlopen}. {@code flags} are bits of {@link dev.ninepin.p9.OpenFlags}. */
    public Call<Rlopen> lopen(final int fid, final int flags) {
        final Connection latest = connectionToUse();
        return latest.call(fid, new Tlopen(latest.wire(fid), flags), castTo(Rlopen.class));
    }

    /** Sends a {@link Tlcreate}. {@code flags} are bits of {@link dev.ninepin.p9.OpenFlags}. */
    public Call<Rlcreate> lcreate(
            final int fid, final ByteString name, final int flags, final int mode, final int gid) {
        final Connection latest = connectionToUse();
        return latest.call(fid, new Tlcreate(latest.wire(fid), name, flags, mode, gid), castTo(Rlcreate.class));
    }

    /** Sends a {@link Tsymlink}. */
    public Call<Rsymlink> symlink(final int dfid, final ByteString name, final ByteString target, final int gid) {
        final Connection latest = connectionToUse();
        return latest.call(dfid, new Tsymlink(latest.wire(dfid), name, target, gid), castTo(Rsymlink.class));
    }

    /** Sends a {@link Tmknod}. */
    public Call<Rmknod> mknod(
            final int dfid, final ByteString name, final int mode, final int major, final int minor, final int gid) {
        final Connection latest = connectionToUse();
        return latest.call(dfid, new Tmknod(latest.wire(dfid), name, mode, major, minor, gid), castTo(Rmknod.class));
    }

    /** Sends a {@link Trename}. */
    public Call<Rmessage> rename(final int fid, final int dfid, final ByteString name) {
        final Connection latest = connectionToUse();
        return latest.call(fid, dfid, new Trename(latest.wire(fid), latest.wire(dfid), name), castTo(Rmessage.class));
    }

    /** Sends a {@link Treadlink}. */
    public Call<Rreadlink> readlink(final int fid) {
        final Connection latest = connectionToUse();
        return latest.call(fid, new Treadlink(latest.wire(fid)), castTo(Rreadlink.class));
    }

    /** Sends a {@link Tgetattr}. {@code requestMask} has bits of {@link dev.ninepin.p9.AttrMask}. */
    public Call<Rgetattr> getattr(final int fid, final long requestMask) {
        final Connection latest = connectionToUse();
        return latest.call(fid, new Tgetattr(latest.wire(fid), requestMask), castTo(Rgetattr.class));
    }

    /** Sends a {@link Tsetattr}. */
    public Call<Rmessage> setattr(final Tsetattr change) {
        final Connection latest = connectionToUse();
        final Tsetattr request = new Tsetattr(
                latest.wire(change.fid()),
                change.valid(),
                change.mode(),
                change.uid(),
                change.gid(),
                change.size(),
                change.atimeSec(),
                change.atimeNsec(),
                change.mtimeSec(),
                change.mtimeNsec());
        return latest.call(change.fid(), request, castTo(Rmessage.class));
    }

    /** Sends a {@link Txattrwalk}. */
    public Call<Rxattrwalk> xattrwalk(final int fid, final int newfid, final ByteString name) {
        final Connection latest = connectionToUse();
        return latest.call(
                fid, newfid, new Txattrwalk(latest.wire(fid), latest.wire(newfid), name), castTo(Rxattrwalk.class));
    }

    /** Sends a {@link Txattrcreate}. {@code size} is the length of the value in bytes. */
    public Call<Rmessage> xattrcreate(final int fid, final ByteString name, final long size, final int flags) {
        final Connection latest = connectionToUse();
        return latest.call(fid, new Txattrcreate(latest.wire(fid), name, size, flags), castTo(Rmessage.class));
    }

    /**
     * Sends a Treaddir.
     *
     * @param count the most bytes of entries to return, at most {@link #maxIo}
     */
    public Call<List<Dirent>> readdir(final int fid, final long offset, final int count) {
        final Connection latest = connectionToUse();
        return latest.call(
                fid,
                new Treaddir(latest.wire(fid), offset, count),
                (reply, memory) -> Dirent.decodeAll(atMost(count, ((Rreaddir) reply).data())));
    }

    /** Sends a {@link Tfsync}. */
    public Call<Rmessage> fsync(final int fid, final boolean dataOnly) {
        final Connection latest = connectionToUse();
        return latest.call(fid, new Tfsync(latest.wire(fid), dataOnly ? 1 : 0), castTo(Rmessage.class));
    }

    /** Sends a {@link Tlock}. */
    public Call<Rlock> lock(final Tlock lock) {
        final Connection latest = connectionToUse();
        final Tlock request = new Tlock(
                latest.wire(lock.fid()),
                lock.type(),
                lock.flags(),
                lock.start(),
                lock.length(),
                lock.procId(),
                lock.clientId());
        return latest.call(lock.fid(), request, castTo(Rlock.class));
    }

    /** Sends a {@link Tgetlock}. */
    public Call<Rgetlock> getlock(final Tgetlock lock) {
        final Connection latest = connectionToUse();
        final Tgetlock request = new Tgetlock(
                latest.wire(lock.fid()), lock.type(), lock.start(), lock.length(), lock.procId(), lock.clientId());
        return latest.call(lock.fid(), request, castTo(Rgetlock.class));
    }

    /** Sends a {@link Tlink}. */
    public Call<Rmessage> link(final int dfid, final int fid, final ByteString name) {
        final Connection latest = connectionToUse();
        return latest.call(dfid, fid, new Tlink(latest.wire(dfid), latest.wire(fid), name), castTo(Rmessage.class));
    }

    /** Sends a {@link Tmkdir}. */
    public Call<Rmkdir> mkdir(final int dfid, final ByteString name, final int mode, final int gid) {
        final Connection latest = connectionToUse();
        return latest.call(dfid, new Tmkdir(latest.wire(dfid), name, mode, gid), castTo(Rmkdir.class));
    }

    /** Sends a {@link Trenameat}. */
    public Call<Rmessage> renameat(
            final int olddirfid, final ByteString oldname, final int newdirfid, final ByteString newname) {
        final Connection latest = connectionToUse();
        return latest.call(
                olddirfid,
                newdirfid,
                new Trenameat(latest.wire(olddirfid), oldname, latest.wire(newdirfid), newname),
                castTo(Rmessage.class));
    }

    /** Sends a {@link Tunlinkat}. */
    public Call<Rmessage> unlinkat(final int dirfid, final ByteString name, final int flags) {
        final Connection latest = connectionToUse();
        return latest.call(dirfid, new Tunlinkat(latest.wire(dirfid), name, flags), castTo(Rmessage.class));
    }

    /**
     * Attaches a user to the tree. Users other than the session's are attached by number only, as the kernel's client
     * does ({@code fs/9p/fid.c}).
     */
    Call<Rattach> attach(final int fid, final int user) {
        final Connection latest = connectionToUse();
        final ByteString name = user == nUname ? uname : ByteString.EMPTY;
        return latest.call(fid, new Tattach(latest.wire(fid), Tattach.NOFID, name, aname, user), castTo(Rattach.class));
    }

    /** Sends a {@link Twalk}. The reply has at most as many qids as {@code names}. */
    public Call<Rwalk> walk(final int fid, final int newfid, final List<ByteString> names) {
        final Connection latest = connectionToUse();
        return latest.call(fid, newfid, new Twalk(latest.wire(fid), latest.wire(newfid), names), (reply, memory) -> {
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
        final Connection latest = connectionToUse();
        return latest.call(fid, new Tread(latest.wire(fid), offset, count), (reply, memory) -> {
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
        final Connection latest = connectionToUse();
        return latest.call(
                fid,
                new Twrite(latest.wire(fid), offset, data),
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
        final Connection latest = connectionToUse();
        return latest.call(fid, new Tclunk(latest.wire(fid)), castTo(Rmessage.class));
    }

    /** Clunks a fid like {@link #clunk(int)}, but waits at most {@code patienceNanos} for a tag. */
    Call<Rmessage> clunk(final int fid, final long patienceNanos) {
        final Connection latest = connectionToUse();
        return latest.call(fid, new Tclunk(latest.wire(fid)), castTo(Rmessage.class), patienceNanos);
    }

    /** Sends a {@link Tremove}. */
    Call<Rmessage> remove(final int fid) {
        final Connection latest = connectionToUse();
        return latest.call(fid, new Tremove(latest.wire(fid)), castTo(Rmessage.class));
    }

    private static ByteBuffer atMost(final int count, final ByteBuffer data) throws ProtocolException {
        if (data.remaining() > count) {
            throw new ProtocolException(
                    "a reply has " + data.remaining() + " bytes of data, but " + count + " were requested");
        }
        return data;
    }

    /**
     * Ends the connection, so that another program can connect in its place. The server drops the session's fids and
     * locks, and a server that this process started ends. If no program connects, {@link #goOn} follows. No request may
     * be in progress.
     *
     * @throws IOException if there is no connection, or the session does not reconnect; nothing has changed then
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
            // The wait for a mute server is over already.
            final long patience = exchange.isMute() ? 0 : Math.min(CLOSE_PATIENCE_NANOS, exchange.timeoutNanos());
            final long deadline = System.nanoTime() + patience;
            fids.clunkAll(deadline);
            tellEnd(last, deadline);
        }
        last.close();
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
