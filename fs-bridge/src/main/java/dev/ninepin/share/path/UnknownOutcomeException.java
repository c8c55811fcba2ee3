package dev.ninepin.share.path;

import dev.ninepin.session.exchange.SessionEndedException;
import java.io.IOException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The failure EIO of a change whose connection ended before the answer, if nobody can know whether the server has made the
 * change. Such a change is neither made a second time nor taken for done.
 */
public final class UnknownOutcomeException extends IOException {
    private static final long serialVersionUID = 1L;

    private static final Logger LOG = LoggerFactory.getLogger(UnknownOutcomeException.class);

    private UnknownOutcomeException(final String change, final @Nullable SessionEndedException cause) {
        super("it is not known whether the server carried out a request to " + change, cause);
    }

    /**
     * Returns the failure, and logs it.
     *
     * @param change what was to be done, and to which file
     */
    public static UnknownOutcomeException of(final String change, final @Nullable SessionEndedException cause) {
        LOG.warn(
                "The connection to the server ended during a request to {}: it is not known whether the server did so, and"
                        + " the program gets EIO",
                change);
        return new UnknownOutcomeException(change, cause);
    }
}
