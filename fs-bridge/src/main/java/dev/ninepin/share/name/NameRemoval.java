package dev.ninepin.share.name;

import dev.ninepin.share.attr.AttributeReader;
import dev.ninepin.share.inode.Inode;
import dev.ninepin.share.inode.Inodes;
import dev.ninepin.share.path.FileMoves;
import dev.ninepin.share.path.FilePaths;
import dev.ninepin.share.path.Uninterrupted;
import java.io.IOException;

/**
 * The removal of known names from the server. Records the attributes that remain of a file whose last name goes. Any
 * thread may call any method.
 */
final class NameRemoval {
    private final Inodes inodes;
    private final FilePaths paths;
    private final AttributeReader attributes;

    NameRemoval(final Inodes inodes, final FilePaths paths, final AttributeReader attributes) {
        this.inodes = inodes;
        this.paths = paths;
        this.attributes = attributes;
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
