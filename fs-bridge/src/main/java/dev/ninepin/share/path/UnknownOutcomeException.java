package dev.ninepin.share.path;

import dev.ninepin.session.exchange.SessionEndedException;
import java.io.IOException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The failure of a change if it is unknown, after the end of a connection, whether the server has made or kept the
 * change. Programs get EIO.
 */
public final class UnknownOutcomeException extends IOException {
    private static final long serialVersionUID = 1L;

    private static final Logger LOG = LoggerFactory.getLogger(UnknownOutcomeException.class);

    private UnknownOutcomeException(final String message, final @Nullable SessionEndedException cause) {
        super(message, cause);
    }

    /**
     * Returns the failure of a request whose connection ended before the answer, and logs it.
     *
     * @param change a verb and the file to be changed
     */
    public static UnknownOutcomeException of(final String change, final SessionEndedException cause) {
        LOG.warn(
                "The connection ended during a request to {}. It is unknown whether the server carried out the"
                        + " request; the program gets EIO",
                change);
        return new UnknownOutcomeException(
                "it is unknown whether the server carried out a request to " + change, cause);
    }

    /**
     * Returns the failure of fsync(2) for a file that differs from its unsynced changes after a reconnection, or cannot
     * be compared. Logs the failure.
     */
    static UnknownOutcomeException ofUnsynced(final String file) {
        LOG.warn(
                "The connection ended before changes of {} were synced. Not all of them are found on the server, or they"
                        + " cannot be compared; fsync(2) fails with EIO",
                file);
        return new UnknownOutcomeException("the server may have lost unsynced changes of " + file, null);
    }
}
