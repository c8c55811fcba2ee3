package dev.ninepin.share.name;

import dev.ninepin.p9.ByteString;
import dev.ninepin.share.attr.AttributeReader;
import dev.ninepin.share.inode.Inode;
import dev.ninepin.share.inode.Inodes;
import dev.ninepin.share.path.FileMoves;
import dev.ninepin.share.path.FilePaths;
import dev.ninepin.share.path.NameRequests;
import dev.ninepin.share.path.Uninterrupted;
import dev.ninepin.share.path.UserView;
import java.io.IOException;

/**
 * The removal of names from the server. Records the attributes that remain of a file whose last name goes. Any thread
 * may call any method.
 */
final class NameRemoval {
    private final Inodes inodes;
    private final FilePaths paths;
    private final NameRequests requests;
    private final AttributeReader attributes;

    NameRemoval(final UserView view, final AttributeReader attributes) {
        this.inodes = view.inodes();
        this.paths = view.paths();
        this.requests = view.names();
        this.attributes = attributes;
    }

    /**
     * Removes a name, whichever file has it.
     *
     * @param flags the flags of Tunlinkat
     */
    void remove(final Inode directory, final ByteString name, final int flags) throws IOException {
        paths.whileNothingMoves(() -> {
            requests.unlink(directory, name, flags);
            return name;
        });
        inodes.removed(directory, name);
    }

    /**
     * Runs a request that removes a name of a file. If that is the file's last name, records the attributes that
     * remain.
     *
     * @param removal the request; blocks until the server has answered
     */
    void removeName(final Inode inode, final Uninterrupted.Action removal) throws IOException {
        final boolean goes = inodes.announceRemoval(inode);
        boolean done = false;
        try {
            if (goes) {
                attributes.refreshBeforeRemoval(inode);
            }
            // The file may live on under another name, and its path fid with it. Other requests over the path wait
            // until the outcome is known.
            try (FileMoves.Move move = paths.move(inode)) {
                removal.run();
                if (goes) {
                    attributes.recordRemoval(inode);
                }
            }
            done = true;
        } finally {
            if (!done) {
                inodes.removalFailed(inode);
            }
        }
    }
}
