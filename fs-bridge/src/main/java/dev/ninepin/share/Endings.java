package dev.ninepin.share;

import java.io.IOException;

/** Removes files from the server under the name that they are known by, and keeps what is left of those that go. Any thread. */
final class Endings {
    private final Inodes inodes;
    private final FilePaths paths;
    private final AttributeReader attributes;

    Endings(final Inodes inodes, final FilePaths paths, final AttributeReader attributes) {
        this.inodes = inodes;
        this.paths = paths;
        this.attributes = attributes;
    }

    /** Does what takes a file's name away, which is its end if that is the last one. */
    void end(final Inode inode, final Uninterrupted.Action removal) throws IOException {
        final boolean goes = inodes.aboutToGo(inode);
        if (goes) {
            attributes.lastLook(inode);
        }
        // It may live on under another name, and its path with it. Whoever asks for it waits until that is known.
        try (FileMoves.Move move = paths.move(inode)) {
            removal.run();
            if (goes) {
                attributes.removed(inode);
            }
        } catch (final IOException e) {
            inodes.hasStayed(inode);
            throw e;
        }
    }
}
