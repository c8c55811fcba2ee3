package dev.ninepin.share.inode;

import dev.ninepin.handover.ShareState;
import dev.ninepin.operations.FileOperations;
import dev.ninepin.p9.ByteString;
import dev.ninepin.p9.Qid;
import dev.ninepin.session.fid.FidTable;
import dev.ninepin.session.fid.PathFid;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The paths of another program's inodes. A fid on a path is made at the next use of the path. Not thread-safe. */
final class EarlierPaths {
    /** The qid of a directory that is no longer known. No path leads to it. */
    private static final Qid UNKNOWN = new Qid(Qid.DIR, 0, 0);

    private final FidTable fids;
    private final Map<Long, ShareState.Node> nodes = new HashMap<>();
    private final Map<Long, PathFid> made = new HashMap<>();

    /** The nodes whose paths are being made: a node and the directories above it. Detects cycles. */
    private final Set<Long> under = new HashSet<>();

    EarlierPaths(final FidTable fids, final List<ShareState.Node> all) {
        this.fids = fids;
        all.forEach(each -> nodes.put(each.node(), each));
        made.put(FileOperations.ROOT, fids.root());
    }

    /** Returns the path of a node. It is retired if no path leads to the file. */
    PathFid of(final long node) {
        final PathFid known = made.get(node);
        if (known != null) {
            return known;
        }
        final ShareState.Node state = nodes.get(node);
        final PathFid path = state != null && state.path() >= 0 && under.add(node)
                ? make(state)
                : retired(state == null ? UNKNOWN : state.qid());
        under.remove(node);
        made.put(node, path);
        return path;
    }

    private PathFid make(final ShareState.Node state) {
        final ShareState.Name name = state.names().get(state.path());
        return fids.newPath(of(name.directory()), name.name(), state.qid());
    }

    private PathFid retired(final Qid qid) {
        final PathFid path = fids.newPath(fids.root(), ByteString.EMPTY, qid);
        fids.retire(path);
        return path;
    }
}
