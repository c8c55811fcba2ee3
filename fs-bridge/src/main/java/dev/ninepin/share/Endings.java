package dev.ninepin.share;

import java.io.IOException;

/**
 * The removal of known names from the server. Records the attributes that remain of a file whose last name goes. Any
 * thread may call any method.
 */
final class Endings {
    private final Inodes inodes;
    private final FilePaths paths;
    private final AttributeReader attributes;

    Endings(final Inodes inodes, final FilePaths paths, final AttributeReader attributes) {
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
    void end(final Inode inode, final Uninterrupted.Action removal) throws IOException {
        final boolean goes = inodes.aboutToGo(inode);
        boolean done = false;
        try {
            if (goes) {
                attributes.lastLook(inode);
            }
            // The file may live on under another name, and its path fid with it. Other requests over the path wait
            // until the outcome is known.
            try (FileMoves.Move move = paths.move(inode)) {
                removal.run();
                if (goes) {
                    attributes.removed(inode);
                }
            }
            done = true;
        } finally {
            if (!done) {
                inodes.hasStayed(inode);
            }
        }
    }
}
