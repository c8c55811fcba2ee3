package dev.ninepin.session;

import dev.ninepin.channel.Channel;
import dev.ninepin.p9.Rattach;
import dev.ninepin.p9.Rmessage;
import dev.ninepin.p9.Rversion;
import dev.ninepin.p9.Tattach;
import dev.ninepin.p9.Tmessage;
import dev.ninepin.p9.Tversion;
import dev.ninepin.session.exchange.Call;
import dev.ninepin.session.exchange.Exchange;
import dev.ninepin.session.exchange.OperationRecorder;
import dev.ninepin.session.exchange.RemoteException;
import dev.ninepin.session.exchange.SessionEnd;
import java.io.IOException;
import java.util.function.Consumer;

/**
 * One connection of a session: a channel, its requests and replies, and the negotiated msize. The server ends the fids
 * of the connection with it. Any thread may call any method.
 */
final class Connection {
    private final Channel channel;
    private final Exchange exchange;
    private final SessionOptions options;
    private final int msize;

    /** The session's number of the fid that has number 0 on the wire; see {@code FidNumbers}. */
    private volatile int firstFid;

    private Connection(
            final Channel channel,
            final int number,
            final SessionOptions options,
            final OperationRecorder recorder,
            final Consumer<SessionEnd> listener)
            throws IOException {
        this.channel = channel;
        this.options = options;
        try {
            this.exchange =
                    new Exchange(channel, number, options.requestTimeout(), options.patience(), recorder, listener);
        } catch (final OutOfMemoryError e) {
            // The JVM throws this if the system allows no more threads.
            channel.close();
            throw new IOException("no thread can be started to receive replies", e);
        }
        try {
            this.msize = new Handshake(this::version, exchange.timeoutNanos())
                    .negotiate(Math.min(options.msize(), channel.maxMessageSize()), channel.mayLoseFirstReply());
            exchange.limit(msize);
        } catch (final IOException | RuntimeException e) {
            close();
            throw e;
        }
    }

    /**
     * Negotiates the version and the msize. Blocks until the server has answered. The connection owns {@code channel}
     * from the call on, and closes the channel even if this method fails.
     *
     * @param number the number of the connection in its session, larger than all earlier numbers
     * @param listener called once if the connection ends unexpectedly after {@link #establish}
     */
    static Connection open(
            final Channel channel,
            final int number,
            final SessionOptions options,
            final OperationRecorder recorder,
            final Consumer<SessionEnd> listener)
            throws IOException {
        return new Connection(channel, number, options, recorder, listener);
    }

    /** Attaches the session's user. {@code wireFid} is the fid's number on the wire. */
    Rattach attachRoot(final int wireFid) throws IOException {
        final Tattach attach = new Tattach(wireFid, Tattach.NOFID, options.uname(), options.aname(), options.nUname());
        try {
            return exchange.call(attach, (reply, memory) -> (Rattach) reply)
                    .await(Math.min(Handshake.PATIENCE_NANOS, exchange.timeoutNanos()));
        } catch (final RemoteException e) {
            throw new IOException(
                    "cannot attach to the tree \"" + options.aname() + "\" as " + options.uname()
                            + " (uid " + Integer.toUnsignedString(options.nUname()) + "): the server answered errno "
                            + e.errno() + "; check -o aname= and -o uname=, and what the server exports",
                    e);
        }
    }

    /** Begins the use of the connection. From now on, the listener is called at an unexpected end. */
    void establish(final int first) {
        firstFid = first;
        exchange.setEstablished(true);
    }

    /** Returns the number of a fid on the wire. The fid must belong to this connection. */
    int wire(final int fid) {
        return fid - firstFid;
    }

    /** Returns whether a fid belongs to an earlier connection. */
    boolean hasLost(final int fid) {
        return Integer.compareUnsigned(fid, firstFid) < 0;
    }

    /** Sends a request over a fid. If the fid is lost, sends nothing and returns a failed call. */
    <R> Call<R> call(final int fid, final Tmessage request, final Call.ReplyHandler<R> handler) {
        return hasLost(fid) ? exchange.refuse(request, handler) : exchange.call(request, handler);
    }

    /** Sends a request over a fid like {@link #call}, but waits at most {@code patienceNanos} for a tag. */
    <R> Call<R> call(
            final int fid, final Tmessage request, final Call.ReplyHandler<R> handler, final long patienceNanos) {
        return hasLost(fid) ? exchange.refuse(request, handler) : exchange.call(request, handler, patienceNanos);
    }

    /** Sends a request over two fids. If one of them is lost, sends nothing and returns a failed call. */
    <R> Call<R> call(final int fid, final int other, final Tmessage request, final Call.ReplyHandler<R> handler) {
        return hasLost(fid) ? exchange.refuse(request, handler) : call(other, request, handler);
    }

    /** Sends a Tversion. No other request may be in flight. */
    Call<Rversion> version(final Tversion request) {
        return exchange.callVersion(request, (reply, memory) -> (Rversion) reply);
    }

    /** Returns a handler that casts each reply to a type. */
    static <R extends Rmessage> Call.ReplyHandler<R> castTo(final Class<R> reply) {
        return (message, memory) -> reply.cast(message);
    }

    Channel channel() {
        return channel;
    }

    Exchange exchange() {
        return exchange;
    }

    int number() {
        return exchange.connection();
    }

    int msize() {
        return msize;
    }

    /** Ends the connection, and blocks until the channel is closed. */
    void close() {
        try {
            exchange.close();
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
