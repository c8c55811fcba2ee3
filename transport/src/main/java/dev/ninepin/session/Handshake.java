package dev.ninepin.session;

import dev.ninepin.p9.Rversion;
import dev.ninepin.p9.Tversion;
import dev.ninepin.session.exchange.Call;
import dev.ninepin.session.exchange.RemoteException;
import dev.ninepin.session.exchange.RequestTimeoutException;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/**
 * The first exchange of a session, which negotiates the version and the msize. It sends one request at a time, with no
 * other request in flight.
 */
final class Handshake {
    /**
     * How long to wait for the reply to a Tversion or Tattach. A slower peer is not a 9P server, and a user waits at
     * the command line.
     */
    static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(10);

    /** How long to wait for the reply to the first Tversion on a channel that may lose it. */
    private static final long FIRST_PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(5);

    private final Function<Tversion, Call<Rversion>> version;
    private final long patienceNanos;

    /**
     * @param version sends a Tversion
     * @param timeoutNanos how long any request may go unanswered
     */
    Handshake(final Function<Tversion, Call<Rversion>> version, final long timeoutNanos) {
        this.version = version;
        this.patienceNanos = Math.min(PATIENCE_NANOS, timeoutNanos);
    }

    /**
     * Requests an msize of {@code wanted} bytes and returns the msize that the server settles on. Halves the request
     * each time the server answers with an error: propolis does so where QEMU settles on a smaller msize. Blocks until
     * the server has answered.
     *
     * @param mayLoseFirstReply whether the channel may lose the first reply, so that an unanswered first Tversion is
     *     sent again
     * @throws IOException if the server does not speak 9P2000.L, accepts no msize, or does not answer in time
     */
    int negotiate(final int wanted, final boolean mayLoseFirstReply) throws IOException {
        int asked = wanted;
        boolean first = mayLoseFirstReply;
        while (true) {
            try {
                final Call<Rversion> call = version.apply(new Tversion(asked, Tversion.VERSION_9P2000_L));
                return agreed(asked, call.await(first ? Math.min(FIRST_PATIENCE_NANOS, patienceNanos) : patienceNanos));
            } catch (final RequestTimeoutException e) {
                if (!first) {
                    throw e;
                }
                first = false;
            } catch (final RemoteException e) {
                if (asked <= SessionOptions.MIN_MSIZE) {
                    throw new IOException(
                            "the server rejected 9P2000.L with every msize from " + wanted + " down to " + asked
                                    + " bytes (errno " + e.errno() + ")",
                            e);
                }
                asked = Math.max(asked / 2, SessionOptions.MIN_MSIZE);
            }
        }
    }

    private static int agreed(final int asked, final Rversion reply) throws IOException {
        if (!reply.version().equals(Tversion.VERSION_9P2000_L)) {
            throw new IOException("the server does not support 9P2000.L, the only version that Ninepin speaks:"
                    + " it answered \"" + reply.version() + "\"");
        }
        final long msize = Integer.toUnsignedLong(reply.msize());
        if (msize > asked || msize < SessionOptions.MIN_MSIZE) {
            throw new IOException("the server chose an invalid msize of " + msize + " bytes (valid: "
                    + SessionOptions.MIN_MSIZE + " to " + asked + ")");
        }
        return (int) msize;
    }
}
