package dev.ninepin.mounted;

import dev.ninepin.fuse.FuseOptions;
import dev.ninepin.session.SessionOptions;
import dev.ninepin.share.CacheMode;
import dev.ninepin.share.ShareOptions;
import java.io.IOException;
import java.util.OptionalInt;

/** What a mount is to be like; each method but the last gives a changed copy. */
public record MountSetup(ServerKind kind, SessionOptions session, ShareOptions share, FuseOptions fuse) {
    /** The usual options. */
    public static MountSetup of(final ServerKind kind) {
        return new MountSetup(
                kind,
                SessionOptions.defaults(0),
                new ShareOptions(CacheMode.OPEN, OptionalInt.empty(), OptionalInt.empty()),
                new FuseOptions("ninepin-test", false, false, false));
    }

    MountSetup cache(final CacheMode mode) {
        return new MountSetup(
                kind,
                session,
                new ShareOptions(mode, share.uid(), share.gid(), share.xattrs(), false, share.remoteLocks()),
                fuse);
    }

    MountSetup owner(final int uid, final int gid) {
        return new MountSetup(
                kind,
                session,
                new ShareOptions(share.cache(), OptionalInt.of(uid), OptionalInt.of(gid), share.xattrs()),
                fuse);
    }

    MountSetup withoutXattrs() {
        return new MountSetup(kind, session, new ShareOptions(share.cache(), share.uid(), share.gid(), false), fuse);
    }

    MountSetup remoteLocks() {
        return new MountSetup(
                kind,
                session,
                new ShareOptions(share.cache(), share.uid(), share.gid(), share.xattrs(), false, true),
                fuse);
    }

    MountSetup maxFids(final int count) {
        return new MountSetup(kind, session.withMaxFids(count), share, fuse);
    }

    MountSetup maxNodes(final int count) {
        return new MountSetup(kind, session, share.withMaxNodes(count), fuse);
    }

    MountSetup readOnly() {
        return new MountSetup(
                kind,
                session,
                share,
                new FuseOptions(fuse.source(), true, fuse.allowOther(), fuse.defaultPermissions()));
    }

    public MountSetup allowOther() {
        return new MountSetup(
                kind, session, share, new FuseOptions(fuse.source(), fuse.readOnly(), true, fuse.defaultPermissions()));
    }

    public MountSetup defaultPermissions() {
        return new MountSetup(
                kind, session, share, new FuseOptions(fuse.source(), fuse.readOnly(), fuse.allowOther(), true));
    }

    /** Mounts a fresh export on a fresh directory. */
    public TestMount mount() throws IOException {
        return TestMount.mount(this);
    }
}
