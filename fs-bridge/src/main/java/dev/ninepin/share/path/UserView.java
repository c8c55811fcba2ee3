package dev.ninepin.share.path;

import dev.ninepin.session.Session;
import dev.ninepin.session.fid.FidTable;
import dev.ninepin.share.inode.Inodes;
import dev.ninepin.share.options.ShareOptions;

/**
 * A share as one user uses it: what all users have in common, and the requests over this user's fids.
 *
 * @param fids the user's fids
 * @param names the requests that rename and remove files
 */
public record UserView(SharedState shared, FidTable fids, FilePaths paths, NameRequests names) {
    private UserView(final SharedState shared, final FidTable fids, final FilePaths paths) {
        this(shared, fids, paths, new NameRequests(shared, fids, paths));
    }

    public UserView(final SharedState shared, final FidTable fids) {
        this(shared, fids, new FilePaths(shared, fids));
    }

    public Session session() {
        return shared.session();
    }

    public ShareOptions options() {
        return shared.options();
    }

    public Inodes inodes() {
        return shared.inodes();
    }

    /** Returns the user's server ID. */
    public int user() {
        return fids.nUname();
    }
}
