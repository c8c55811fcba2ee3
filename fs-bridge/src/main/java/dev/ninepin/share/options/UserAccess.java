package dev.ninepin.share.options;

/**
 * The users that may use a share, and the credentials that the server sees: {@code access=} of {@code mount -t 9p}.
 *
 * @param kind which users may use the share
 * @param uid the user of {@link Kind#ONE}, as which the session is attached too; 0 otherwise
 */
public record UserAccess(Kind kind, int uid) {
    /** All users, with the credentials that the session is attached with. */
    public static final UserAccess ANY = new UserAccess(Kind.ANY, 0);

    /** All users, each with an attach of its own. */
    public static final UserAccess EACH = new UserAccess(Kind.EACH, 0);

    /** The choices of users. */
    public enum Kind {
        /** Every user, with the credentials that the session is attached with. */
        ANY,

        /** Every user, each with an attach of its own. */
        EACH,

        /** A single user. */
        ONE
    }

    /** Returns access for a single user. */
    public static UserAccess one(final int uid) {
        return new UserAccess(Kind.ONE, uid);
    }
}
