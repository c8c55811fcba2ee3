package dev.ninepin.share;

import java.util.OptionalInt;

/**
 * How a share is to be presented.
 *
 * @param cache what may be believed without asking the server
 * @param uid the owner to show for every file, instead of the server's
 * @param gid the group to show for every file, instead of the server's
 * @param xattrs whether there are extended attributes, if the server has any
 * @param containSymlinks whether symbolic links that lead out of the share, or might, are refused
 * @param access who may use it, and as whom
 * @param idMap which numbers users and groups have on the server, where these are others; none of those that {@code uid}
 *     and {@code gid} stand for
 */
public record ShareOptions(
        CacheMode cache,
        OptionalInt uid,
        OptionalInt gid,
        boolean xattrs,
        boolean containSymlinks,
        UserAccess access,
        IdMap idMap) {
    /** With extended attributes, and links as they are. */
    public ShareOptions(final CacheMode cache, final OptionalInt uid, final OptionalInt gid) {
        this(cache, uid, gid, true);
    }

    /** With links as they are, for any user. */
    public ShareOptions(final CacheMode cache, final OptionalInt uid, final OptionalInt gid, final boolean xattrs) {
        this(cache, uid, gid, xattrs, false, UserAccess.ANY, IdMap.SAME);
    }
}
