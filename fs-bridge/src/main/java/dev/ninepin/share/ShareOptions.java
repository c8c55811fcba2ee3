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
 * @param access who may use it, and as whom
 * @param idMap which numbers users and groups have on the server, where these are others; none of those that {@code uid}
 *     and {@code gid} stand for
 * @param accessTimes which reads may change access times
 */
public record ShareOptions(
        CacheMode cache,
        OptionalInt uid,
        OptionalInt gid,
        boolean xattrs,
        boolean containSymlinks,
        boolean remoteLocks,
        int maxNodes,
        UserAccess access,
        IdMap idMap,
        AccessTimes accessTimes) {
    /** Each takes about 900 bytes of the heap, of which a mount has 512 MB. */
    private static final int DEFAULT_MAX_NODES = 250_000;

    /**
     * The usual ones: with extended attributes, links as they are, locks that stay here, and for any user, who has the same
     * number on both sides.
     */
    public ShareOptions(final CacheMode cache, final OptionalInt uid, final OptionalInt gid) {
        this(cache, uid, gid, true, false, false, DEFAULT_MAX_NODES, UserAccess.ANY, IdMap.SAME, AccessTimes.SERVER);
    }

    /** A copy with another cache. */
    public ShareOptions withCache(final CacheMode wanted) {
        return new ShareOptions(
                wanted, uid, gid, xattrs, containSymlinks, remoteLocks, maxNodes, access, idMap, accessTimes);
    }

    /** A copy with extended attributes, or without. */
    public ShareOptions withXattrs(final boolean wanted) {
        return new ShareOptions(
                cache, uid, gid, wanted, containSymlinks, remoteLocks, maxNodes, access, idMap, accessTimes);
    }

    /** A copy with links refused that might lead out, or not. */
    public ShareOptions withContainSymlinks(final boolean wanted) {
        return new ShareOptions(cache, uid, gid, xattrs, wanted, remoteLocks, maxNodes, access, idMap, accessTimes);
    }

    /** A copy with locks of which the server is to know, or not. */
    public ShareOptions withRemoteLocks(final boolean wanted) {
        return new ShareOptions(cache, uid, gid, xattrs, containSymlinks, wanted, maxNodes, access, idMap, accessTimes);
    }

    /** A copy with another limit of nodes. */
    public ShareOptions withMaxNodes(final int wanted) {
        return new ShareOptions(
                cache, uid, gid, xattrs, containSymlinks, remoteLocks, wanted, access, idMap, accessTimes);
    }

    /** A copy for other users. */
    public ShareOptions withAccess(final UserAccess wanted) {
        return new ShareOptions(
                cache, uid, gid, xattrs, containSymlinks, remoteLocks, maxNodes, wanted, idMap, accessTimes);
    }

    /** A copy with other numbers on the server. */
    public ShareOptions withIdMap(final IdMap wanted) {
        return new ShareOptions(
                cache, uid, gid, xattrs, containSymlinks, remoteLocks, maxNodes, access, wanted, accessTimes);
    }

    /** A copy with other reads that may change access times. */
    public ShareOptions withAccessTimes(final AccessTimes wanted) {
        return new ShareOptions(cache, uid, gid, xattrs, containSymlinks, remoteLocks, maxNodes, access, idMap, wanted);
    }
}
