package dev.ninepin.share;

/**
 * Which users may use a share, and as whom the server knows them: {@code access=} of {@code mount -t 9p}.
 *
 * @param uid the one user of {@link Kind#ONE}, who is also the one that the session is attached as
 */
public record UserAccess(Kind kind, int uid) {
    /** All, over the attach of the one that the session is attached as. */
    public static final UserAccess ANY = new UserAccess(Kind.ANY, 0);

    /** All, each over an attach of his own. */
    public static final UserAccess EACH = new UserAccess(Kind.EACH, 0);

    /** How many may use it. */
    public enum Kind {
        ANY,
        EACH,
        ONE
    }

    /** Only one. */
    public static UserAccess one(final int uid) {
        return new UserAccess(Kind.ONE, uid);
    }
}
