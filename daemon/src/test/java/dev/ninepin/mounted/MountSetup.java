package dev.ninepin.mounted;

import dev.ninepin.fuse.mount.FuseOptions;
import dev.ninepin.operations.CacheMode;
import dev.ninepin.operations.Timeouts;
import dev.ninepin.session.SessionOptions;
import dev.ninepin.share.id.IdMap;
import dev.ninepin.share.options.AccessTimes;
import dev.ninepin.share.options.ShareOptions;
import dev.ninepin.share.options.UserAccess;
import dev.ninepin.testing.ServerKind;
import java.io.IOException;
import java.time.Duration;
import java.util.OptionalInt;

/**
 * The configuration of a mount. Each method except {@link #mount} returns a changed copy.
 *
 * @param reconnects whether another connection is opened when one has ended
 */
public record MountSetup(
        ServerKind kind, SessionOptions session, ShareOptions share, FuseOptions fuse, boolean reconnects) {
    /** Returns a configuration with the usual options. */
    public static MountSetup of(final ServerKind kind) {
        return new MountSetup(
                kind,
                SessionOptions.defaults(0),
                new ShareOptions(CacheMode.OPEN, OptionalInt.empty(), OptionalInt.empty()),
                new FuseOptions("ninepin-test", false, false, false),
                false);
    }

    MountSetup cache(final CacheMode mode) {
        return shared(share.withCache(mode));
    }

    MountSetup timeouts(final Duration all) {
        return shared(share.withTimeouts(new Timeouts(all, all, all)));
    }

    MountSetup owner(final int uid, final int gid) {
        return shared(
                new ShareOptions(share.cache(), OptionalInt.of(uid), OptionalInt.of(gid)).withXattrs(share.xattrs()));
    }

    MountSetup withoutXattrs() {
        return shared(share.withXattrs(false));
    }

    MountSetup remoteLocks() {
        return shared(share.withRemoteLocks(true));
    }

    /** Sets {@code access=}: one attach for each user, or access for one user only. */
    MountSetup access(final UserAccess access) {
        return new MountSetup(
                kind,
                access.kind() == UserAccess.Kind.ANY ? session : SessionOptions.defaults(firstUser(access)),
                share.withAccess(access),
                fuse,
                reconnects);
    }

    /**
     * Returns the user of the first attach. Root is used only if this host's kernel checks permissions, because diod
     * checks none for root.
     */
    private int firstUser(final UserAccess access) {
        return access.kind() == UserAccess.Kind.ONE ? access.uid() : fuse.defaultPermissions() ? 0 : 65534;
    }

    MountSetup idMap(final IdMap map) {
        return shared(share.withIdMap(map));
    }

    MountSetup accessTimes(final AccessTimes times) {
        return shared(share.withAccessTimes(times));
    }

    MountSetup maxNodes(final int count) {
        return shared(share.withMaxNodes(count));
    }

    private MountSetup shared(final ShareOptions options) {
        return new MountSetup(kind, session, options, fuse, reconnects);
    }

    MountSetup maxFids(final int count) {
        return new MountSetup(kind, session.withMaxFids(count), share, fuse, reconnects);
    }

    MountSetup readOnly() {
        return new MountSetup(
                kind,
                session,
                share,
                new FuseOptions(fuse.source(), true, fuse.allowOther(), fuse.defaultPermissions()),
                reconnects);
    }

    public MountSetup allowOther() {
        return new MountSetup(
                kind,
                session,
                share,
                new FuseOptions(fuse.source(), fuse.readOnly(), true, fuse.defaultPermissions()),
                reconnects);
    }

    public MountSetup defaultPermissions() {
        return new MountSetup(
                kind,
                session,
                share,
                new FuseOptions(fuse.source(), fuse.readOnly(), fuse.allowOther(), true),
                reconnects);
    }

    /** Makes the mount reconnect, with requests that wait for a connection for up to {@code patience}. */
    MountSetup reconnecting(final Duration patience) {
        return new MountSetup(kind, session.withPatience(patience), share, fuse, true);
    }

    /** Mounts a new export on a new directory. */
    public TestMount mount() throws IOException {
        return TestMount.mount(this);
    }
}
