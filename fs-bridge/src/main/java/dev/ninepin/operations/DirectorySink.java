package dev.ninepin.operations;

import dev.ninepin.p9.Dirent;

/** A receiver of directory entries. */
@FunctionalInterface
public interface DirectorySink {
    /** Takes an entry. Returns false if there is no room for it; no more entries are offered then. */
    boolean offer(Dirent entry);
}
