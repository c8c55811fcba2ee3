package dev.ninepin.share;

/**
 * The users that may use a share, and the credentials that the server sees: {@code access=} of {@code mount -t 9p}.
 *
 * @param uid the only user that may use the share with {@link Kind#ONE}, as which the session is also attached
 */
public record UserAccess(Kind kind, int uid) {
    /** All users, with the credentials that the session is attached with. */
    public static final UserAccess ANY = new UserAccess(Kind.ANY, 0);

    /** All users, each with an attach of its own. */
    public static final UserAccess EACH = new UserAccess(Kind.EACH, 0);

    /** The choices of users. */
    public enum Kind {
        ANY,
        EACH,
        ONE
    }

    /** Returns access for a single user. */
    public static UserAccess one(final int uid) {
        return new UserAccess(Kind.ONE, uid);
    }
}
