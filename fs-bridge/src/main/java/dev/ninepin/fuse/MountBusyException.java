package dev.ninepin.fuse;

import java.io.IOException;

/** The mount was not taken down because it is in use: open files, working directories, mounts on top. */
public final class MountBusyException extends IOException {
    MountBusyException(final String mountPoint) {
        super(mountPoint + " is busy: a program has a file open or its working directory there");
    }
}
