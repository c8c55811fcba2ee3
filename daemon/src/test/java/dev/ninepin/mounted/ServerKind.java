package dev.ninepin.mounted;

import dev.ninepin.testing.GaneshaServer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;

/** The kinds of servers that the tests mount. */
public enum ServerKind {
    /** QEMU over a virtqueue, with the modes and owners of the host's files. */
    QEMU {
        @Override
        Server export(final Path directory) {
            return new Server.Qemu(directory, Map.of("security_model", "none"));
        }
    },
    /**
     * QEMU as with {@link #QEMU}, but with inode numbers remapped as {@code ninepin mount} requests: files on different
     * devices get different numbers.
     */
    QEMU_REMAPPED {
        @Override
        Server export(final Path directory) {
            return new Server.Qemu(directory, Map.of("security_model", "none", "multidevs", "remap"));
        }
    },
    /** QEMU over a virtqueue, with modes and owners in extended attributes, and with symbolic links stored as files. */
    QEMU_MAPPED {
        @Override
        Server export(final Path directory) {
            return new Server.Qemu(directory, Map.of("security_model", "mapped-xattr"));
        }
    },
    /** QEMU over a virtqueue, running as root, with the modes, owners and ACLs of the host's files. */
    QEMU_PASSTHROUGH {
        @Override
        Server export(final Path directory) {
            return new Server.Qemu(directory, Map.of("security_model", "passthrough"));
        }
    },
    DIOD_UNIX {
        @Override
        Server export(final Path directory) throws IOException {
            return Server.Diod.onUnixSocket(directory);
        }
    },
    DIOD_TCP {
        @Override
        Server export(final Path directory) throws IOException {
            return Server.Diod.onTcp(directory);
        }
    },
    GANESHA {
        @Override
        Server export(final Path directory) throws IOException {
            return new Server.Ganesha(new GaneshaServer(directory));
        }
    };

    /** Starts a server that exports {@code directory}. The caller closes the server. */
    abstract Server export(Path directory) throws IOException;

    boolean isMapped() {
        return this == QEMU_MAPPED;
    }

    /**
     * Returns whether the server can create FIFOs. QEMU 7.2 replies ENXIO, unless it stores the file type in an
     * extended attribute.
     */
    boolean makesFifos() {
        return this != QEMU && this != QEMU_REMAPPED && this != QEMU_PASSTHROUGH;
    }

    /** Returns whether a file's path may exceed the kernel's limit. diod passes whole paths to its kernel. */
    boolean takesLongPaths() {
        return this != DIOD_UNIX && this != DIOD_TCP;
    }

    /** Returns whether files have POSIX ACLs. */
    boolean keepsAcls() {
        return this != QEMU && this != QEMU_REMAPPED;
    }

    /**
     * Returns whether directories have default ACLs. nfs-ganesha first creates each attribute with arbitrary bytes,
     * which the kernel rejects for an ACL.
     */
    boolean keepsDefaultAcls() {
        return keepsAcls() && this != GANESHA;
    }

    /**
     * Returns whether files have extended attributes whose names begin with {@code security.}. QEMU does not support
     * them.
     */
    boolean keepsSecurity() {
        return this == DIOD_UNIX || this == DIOD_TCP;
    }

    /**
     * Returns whether files have capabilities. nfs-ganesha cannot set them, for the same reason as in {@link
     * #keepsDefaultAcls}.
     */
    boolean keepsCapabilities() {
        return keepsSecurity() && this != GANESHA;
    }
}
