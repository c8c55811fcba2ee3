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

    private Handshake() {}

    /**
     * Asks for {@code wanted} bytes of msize, and for half of that again while the server refuses with an error (as
     * propolis does where QEMU would settle on less), and returns what was agreed.
     */
    static int negotiate(final Function<Tversion, Call<Rversion>> version, final int wanted, final long timeoutNanos)
            throws IOException {
        int asked = wanted;
        while (true) {
            try {
                return agreed(
                        asked,
                        version.apply(new Tversion(asked, Tversion.VERSION_9P2000_L))
                                .await(Math.min(PATIENCE_NANOS, timeoutNanos)));
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
