package dev.ninepin.fuse.mount;

import java.io.IOException;

/**
 * Thrown when a mount is not unmounted because it is in use: it has open files, working directories, or mounts on top.
 */
public final class MountBusyException extends IOException {
    MountBusyException(final String mountPoint) {
        super(mountPoint + " is busy: a program has a file open or its working directory there");
    }
}
