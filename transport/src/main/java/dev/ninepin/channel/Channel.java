package dev.ninepin.channel;

import dev.ninepin.p9.Tmessage;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * An exclusive connection to a 9P server, which carries whole messages in both directions.
 *
 * <p>A channel is used by one session, in three roles:
 *
 * <ul>
 *   <li>the <b>sender</b> calls {@link #send} and {@link #flush}: one thread at a time; whatever one sender did happens
 *       before what the next sender does
 *   <li>the <b>receiver</b> calls {@link #receive()} or {@link #receiveUntil}: one thread at a time; whatever one
 *       receiver did happens before what the next receiver does
 *   <li>any thread may call {@link #close} and {@link Received#close} at any time
 * </ul>
 *
 * <p>An interrupt of the sender has no effect on the channel: the method completes, and the thread's interrupt flag is
 * set when it returns. Giving up the interrupted request is the task of the session.
 *
 * <p>Replies arrive in the order in which the server finishes the requests. Once a method has thrown an {@link
 * IOException}, the channel is unusable and the session closes it. Requests in flight then get no answer.
 */
public interface Channel extends AutoCloseable {
    /** Returns the description of this channel for status and messages. Any thread. */
    ChannelInfo info();

    /** Returns the largest message in either direction, in bytes. Any thread. */
    int maxMessageSize();

    /**
     * Returns how many requests may be in flight. A request is in flight from {@link #send} until the {@link Received}
     * that answers it is closed. The sender must respect this limit. Any thread.
     */
    int maxRequests();

    /**
     * Returns how many requests that carry data, in either direction, may be in flight; never more than {@link
     * #maxRequests}. The sender must respect this limit, because {@link #send} would block beyond it. Any thread.
     */
    default int maxDataRequests() {
        return maxRequests();
    }

    /** Returns whether a request counts towards {@link #maxDataRequests}. Any thread. */
    default boolean carriesData(final Tmessage request) {
        return false;
    }

    /**
     * Returns whether a Tflush can give up a request. If not, the tag of a given-up request stays taken until its reply
     * arrives. A Tversion then requires that no other message is in flight; this includes the last Tversion of a
     * session. Any thread.
     */
    default boolean takesFlush() {
        return true;
    }

    /**
     * Returns whether the very first reply may get lost, so that the first request must be sent again after a timeout.
     * Any thread.
     */
    default boolean mayLoseFirstReply() {
        return false;
    }

    /**
     * Returns whether the server may run on a host that can crash without this host. After such a crash, data that the
     * server acknowledged and did not sync may be lost. Any thread.
     */
    default boolean mayReachOtherHost() {
        return false;
    }

    /**
     * Sets how long {@link #send} and {@link #flush} may block while the server reads nothing. After this time they
     * fail, and the channel is broken. A channel whose sender never blocks for long ignores the limit. Called before
     * the first request.
     */
    default void limitSending(final long nanos) {}

    /**
     * Sends a request and reserves the room for its reply ({@link Tmessage#replySize}). The message is encoded before
     * this method returns, so the caller may reuse its data. The server may only be notified at the next {@link
     * #flush}, so that a batch costs one doorbell or one system call. May block until there is room.
     *
     * @param tag the tag, as in {@link dev.ninepin.p9.Frame#tag}; must not be in flight
     * @throws IOException if the channel is closed or broken; the request may or may not have been sent
     * @throws IllegalArgumentException if the message or its reply is larger than {@link #maxMessageSize}
     */
    void send(int tag, Tmessage request) throws IOException;

    /**
     * Returns whether {@link #send} takes a request without waiting for the server to read earlier ones. Only the sender
     * calls this method.
     */
    default boolean hasRoom(final Tmessage request) {
        return true;
    }

    /**
     * Notifies the server of all requests that were sent. Blocks while the server does not read, at most for the time of
     * {@link #limitSending}.
     *
     * @throws IOException if the channel is closed or broken
     */
    void flush() throws IOException;

    /**
     * Notifies the server like {@link #flush()}, but blocks for at most {@code nanos}. Returns whether all requests
     * were sent. The next call of either method sends the others; a part of a request may have been sent.
     *
     * @throws IOException if the channel is closed or broken
     */
    default boolean flush(final long nanos) throws IOException {
        flush();
        return true;
    }

    /**
     * Blocks until the next reply arrives. Only the receiver calls this method. Uses no CPU time while no request is in
     * flight.
     *
     * @throws IOException if the channel was closed (a {@link ChannelClosedException}), the server disconnected, or the
     *     bytes received are not a message
     */
    Received receive() throws IOException;

    /**
     * Returns whether {@link #receiveUntil} is supported, so that any thread that waits for a reply may be the receiver.
     * If not, one thread is the receiver for the channel's whole life. Any thread.
     */
    default boolean hasTimedReceive() {
        return false;
    }

    /**
     * Receives a reply like {@link #receive()}, but returns null once {@code deadline} has passed or the thread is
     * interrupted; the thread's interrupt flag stays set. Nothing of a reply gets lost then. Only the receiver calls
     * this method.
     *
     * @param deadline a {@link System#nanoTime}
     * @throws UnsupportedOperationException if the channel lacks {@link #hasTimedReceive}
     */
    default @Nullable Received receiveUntil(final long deadline) throws IOException {
        throw new UnsupportedOperationException(info().kind());
    }

    /**
     * Closes the channel. Its resources are released once every {@link Received} is closed. A blocked {@link #receive()}
     * or {@link #send} throws a {@link ChannelClosedException} at once. Does nothing if the channel is already closed.
     */
    @Override
    void close();
}
