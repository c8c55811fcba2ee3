package dev.ninepin.share.options;

import dev.ninepin.operations.CacheMode;
import dev.ninepin.operations.Timeouts;
import dev.ninepin.share.id.IdMap;
import java.util.OptionalInt;

/**
 * The options of a mounted share.
 *
 * @param cache which cached names, attributes and data are trusted
 * @param timeouts how long names and attributes are trusted
 * @param writesBehind whether write(2) may return before the server has answered; never with {@code cache=none}
 * @param uid the owner shown for every file instead of the server's, as a local ID
 * @param gid the group shown for every file instead of the server's, as a local ID
 * @param xattrs whether extended attributes are offered, if the server supports them
 * @param containSymlinks whether symbolic links that may lead out of the share are refused
 * @param remoteLocks whether file locks are sent to the server
 * @param maxNodes how many files the kernel may remember before it is asked to forget some
 * @param access which users may use the share, and with which credentials
 * @param idMap the mapping between server IDs and local IDs; not applied where {@code uid} or {@code gid} is set
 * @param accessTimes which reads may change access times
 */
public record ShareOptions(
        CacheMode cache,
        Timeouts timeouts,
        boolean writesBehind,
        OptionalInt uid,
        OptionalInt gid,
        boolean xattrs,
        boolean containSymlinks,
        boolean remoteLocks,
        int maxNodes,
        UserAccess access,
        IdMap idMap,
        AccessTimes accessTimes) {
    /** Each node takes about 900 bytes of a mount's heap of 512 MB. */
    private static final int DEFAULT_MAX_NODES = 250_000;

    /**
     * Creates the default options: the timeouts of the cache mode, writes that do not wait, extended attributes, symbolic
     * links as they are, local locks, access for any user, and the same IDs on both sides.
     */
    public ShareOptions(final CacheMode cache, final OptionalInt uid, final OptionalInt gid) {
        this(
                cache,
                Timeouts.of(cache),
                true,
                uid,
                gid,
                true,
                false,
                false,
                DEFAULT_MAX_NODES,
                UserAccess.ANY,
                IdMap.SAME,
                AccessTimes.SERVER);
    }

    /** Returns a copy with another cache mode and its timeouts. */
    public ShareOptions withCache(final CacheMode wanted) {
        return new ShareOptions(
                wanted,
                Timeouts.of(wanted),
                writesBehind,
                uid,
                gid,
                xattrs,
                containSymlinks,
                remoteLocks,
                maxNodes,
                access,
                idMap,
                accessTimes);
    }

    /** Returns a copy with other timeouts. */
    public ShareOptions withTimeouts(final Timeouts wanted) {
        return new ShareOptions(
                cache,
                wanted,
                writesBehind,
                uid,
                gid,
                xattrs,
                containSymlinks,
                remoteLocks,
                maxNodes,
                access,
                idMap,
                accessTimes);
    }

    /** Returns a copy whose writes may, or may not, return before the server has answered. */
    public ShareOptions withWritesBehind(final boolean wanted) {
        return new ShareOptions(
                cache,
                timeouts,
                wanted,
                uid,
                gid,
                xattrs,
                containSymlinks,
                remoteLocks,
                maxNodes,
                access,
                idMap,
                accessTimes);
    }

    /** Returns a copy with or without extended attributes. */
    public ShareOptions withXattrs(final boolean wanted) {
        return new ShareOptions(
                cache,
                timeouts,
                writesBehind,
                uid,
                gid,
                wanted,
                containSymlinks,
                remoteLocks,
                maxNodes,
                access,
                idMap,
                accessTimes);
    }

    /** Returns a copy that refuses, or accepts, symbolic links that may lead out of the share. */
    public ShareOptions withContainSymlinks(final boolean wanted) {
        return new ShareOptions(
                cache,
                timeouts,
                writesBehind,
                uid,
                gid,
                xattrs,
                wanted,
                remoteLocks,
                maxNodes,
                access,
                idMap,
                accessTimes);
    }

    /** Returns a copy with locks that are, or are not, sent to the server. */
    public ShareOptions withRemoteLocks(final boolean wanted) {
        return new ShareOptions(
                cache,
                timeouts,
                writesBehind,
                uid,
                gid,
                xattrs,
                containSymlinks,
                wanted,
                maxNodes,
                access,
                idMap,
                accessTimes);
    }

    /** Returns a copy with another limit of nodes. */
    public ShareOptions withMaxNodes(final int wanted) {
        return new ShareOptions(
                cache,
                timeouts,
                writesBehind,
                uid,
                gid,
                xattrs,
                containSymlinks,
                remoteLocks,
                wanted,
                access,
                idMap,
                accessTimes);
    }

    /** Returns a copy with another choice of users. */
    public ShareOptions withAccess(final UserAccess wanted) {
        return new ShareOptions(
                cache,
                timeouts,
                writesBehind,
                uid,
                gid,
                xattrs,
                containSymlinks,
                remoteLocks,
                maxNodes,
                wanted,
                idMap,
                accessTimes);
    }

    /** Returns a copy with another ID mapping. */
    public ShareOptions withIdMap(final IdMap wanted) {
        return new ShareOptions(
                cache,
                timeouts,
                writesBehind,
                uid,
                gid,
                xattrs,
                containSymlinks,
                remoteLocks,
                maxNodes,
                access,
                wanted,
                accessTimes);
    }

    /** Returns a copy with another choice of the reads that may change access times. */
    public ShareOptions withAccessTimes(final AccessTimes wanted) {
        return new ShareOptions(
                cache,
                timeouts,
                writesBehind,
                uid,
                gid,
                xattrs,
                containSymlinks,
                remoteLocks,
                maxNodes,
                access,
                idMap,
                wanted);
    }
}
