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
 * @param remoteLocks whether the server is to know of the locks on its files
 * @param maxNodes how many files the kernel may know before it is asked to forget some
 */
public record ShareOptions(
        CacheMode cache,
        OptionalInt uid,
        OptionalInt gid,
        boolean xattrs,
        boolean containSymlinks,
        boolean remoteLocks,
        int maxNodes) {
    /** Each takes about 900 bytes of the heap, of which a mount has 512 MB. */
    private static final int DEFAULT_MAX_NODES = 250_000;

    /** With extended attributes, links as they are, and locks that stay here. */
    public ShareOptions(final CacheMode cache, final OptionalInt uid, final OptionalInt gid) {
        this(cache, uid, gid, true);
    }

    /** With links as they are, and locks that stay here. */
    public ShareOptions(final CacheMode cache, final OptionalInt uid, final OptionalInt gid, final boolean xattrs) {
        this(cache, uid, gid, xattrs, false, false);
    }

    /** With as many nodes as usual. */
    public ShareOptions(
            final CacheMode cache,
            final OptionalInt uid,
            final OptionalInt gid,
            final boolean xattrs,
            final boolean containSymlinks,
            final boolean remoteLocks) {
        this(cache, uid, gid, xattrs, containSymlinks, remoteLocks, DEFAULT_MAX_NODES);
    }

    /** A copy with another limit of nodes. */
    public ShareOptions withMaxNodes(final int count) {
        return new ShareOptions(cache, uid, gid, xattrs, containSymlinks, remoteLocks, count);
    }
}
