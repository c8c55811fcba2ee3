package dev.ninepin.share;

import dev.ninepin.p9.Dirent;

/** Where directory entries go. */
@FunctionalInterface
public interface DirectorySink {
    /** Takes an entry, or returns false when there is no room for it; it is then the last that was offered. */
    boolean offer(Dirent entry);
}
