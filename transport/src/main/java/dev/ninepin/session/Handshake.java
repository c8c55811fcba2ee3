package dev.ninepin.session;

import dev.ninepin.p9.Rversion;
import dev.ninepin.p9.Tversion;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/** The first exchange of a session, in lock-step and alone: both sides agree on version and msize. */
final class Handshake {
    /** A peer that does not answer Tversion or Tattach so long is no 9P server; a user waits at the command line. */
    static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(10);

    /** What a first Tversion gets of it where the reply may have got lost. */
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
     * Asks for {@code wanted} bytes of msize, and for half of that again while the server refuses with an error (as
     * propolis does where QEMU would settle on less), and returns what was agreed.
     *
     * @param mayLoseFirstReply of the channel
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
                            "the server refused 9P2000.L with any msize from " + wanted + " down to " + asked
                                    + " bytes (errno " + e.errno() + ")",
                            e);
                }
                asked = Math.max(asked / 2, SessionOptions.MIN_MSIZE);
            }
        }
    }

    private static int agreed(final int asked, final Rversion reply) throws IOException {
        if (!reply.version().equals(Tversion.VERSION_9P2000_L)) {
            throw new IOException("the server speaks no 9P2000.L: it answered \"" + reply.version()
                    + "\"; this is the only version that Ninepin speaks");
        }
        final long msize = Integer.toUnsignedLong(reply.msize());
        if (msize > asked || msize < SessionOptions.MIN_MSIZE) {
            throw new IOException("the server settled on an msize of " + msize + " bytes, which is not between "
                    + SessionOptions.MIN_MSIZE + " and the " + asked + " asked for");
        }
        return (int) msize;
    }
}
