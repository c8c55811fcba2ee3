package dev.ninepin.share;

import java.util.OptionalInt;

/**
 * How a share is to be presented.
 *
 * @param cache what may be believed without asking the server
 * @param uid the owner to show for every file, instead of the server's
 * @param gid the group to show for every file, instead of the server's
 * @param xattrs whether there are extended attributes, if the server has any
 */
public record ShareOptions(CacheMode cache, OptionalInt uid, OptionalInt gid, boolean xattrs) {
    /** With extended attributes. */
    public ShareOptions(final CacheMode cache, final OptionalInt uid, final OptionalInt gid) {
        this(cache, uid, gid, true);
    }
}
