package dev.ninepin.channel;

import dev.ninepin.p9.Tmessage;
import java.io.IOException;

/**
 * One exclusive path to a 9P server, which carries whole messages both ways.
 *
 * <p>It has one user, a session, and three roles in it:
 *
 * <ul>
 *   <li>the <b>sender</b> calls {@link #send} and {@link #flush}: one thread at a time, under a lock of the session's;
 *   <li>the <b>reply reader</b>, one thread, calls {@link #receive} in a loop;
 *   <li>{@link #close} and {@link Received#close} may be called by any thread at any time.
 * </ul>
 *
 * <p>An interrupt of the sender changes nothing: the method goes on, the channel keeps working, and the thread's
 * interrupt flag is set when the method returns. What an interrupt gives up is a request, and that is the session's
 * affair. Nobody interrupts the reply reader.
 *
 * <p>Replies come in whatever order the server finishes them. Once a method has thrown an {@link IOException}, the
 * channel is of no more use and the session closes it; what was in flight has no answer.
 */
public interface Channel extends AutoCloseable {
    /** What this channel is, for status and messages. Any thread. */
    ChannelInfo info();

    /** The largest message that fits, either way, in bytes. Any thread. */
    int maxMessageSize();

    /**
     * How many requests may be in flight; the sender keeps to it. A request is in flight from {@link #send} until the
     * {@link Received} that answers it is closed. Any thread.
     */
    int maxRequests();

    /**
     * How many requests may be in flight that carry data, either way; never more than {@link #maxRequests}. The sender keeps
     * to it, since {@link #send} of one more would wait. Any thread.
     */
    default int maxDataRequests() {
        return maxRequests();
    }

    /** Whether {@link #maxDataRequests} counts a request. Any thread. */
    default boolean carriesData(final Tmessage request) {
        return false;
    }

    /**
     * Whether a request may be given up by a Tflush. Where it may not, the tag of one that was given up stays taken until
     * its reply comes, and no other message may be in flight with a Tversion, the last one too. Any thread.
     */
    default boolean takesFlush() {
        return true;
    }

    /** Whether the very first reply may get lost, so that the first request is to be sent again after a while. Any thread. */
    default boolean mayLoseFirstReply() {
        return false;
    }

    /**
     * Takes a request, and with it the room for its reply ({@link Tmessage#replySize}). The message is written out
     * before this returns, so its data may be reused. The server need not hear of it before {@link #flush}: so a batch
     * costs one doorbell, or one system call. May wait until there is room.
     *
     * @param tag as {@link dev.ninepin.p9.Frame#tag}; not in flight yet
     * @throws IOException if the channel is closed or broken; the request may or may not have been sent
     * @throws IllegalArgumentException if the message or its reply is larger than {@link #maxMessageSize}
     */
    void send(int tag, Tmessage request) throws IOException;

    /**
     * Tells the server of all that was sent.
     *
     * @throws IOException if the channel is closed or broken
     */
    void flush() throws IOException;

    /**
     * Waits for the next reply. Only the reply reader calls this; costs nothing while nothing is in flight.
     *
     * @throws IOException if the channel was closed (then a {@link ChannelClosedException}), the server went away, or
     *     what came is not a message
     */
    Received receive() throws IOException;

    /**
     * Ends the channel, and gives back what it holds once every {@link Received} is closed. A {@link #receive} or
     * {@link #send} that waits returns at once, with a {@link ChannelClosedException}. Closing again does nothing.
     */
    @Override
    void close();
}
