package dev.ninepin.mounted;

import dev.ninepin.testing.GaneshaServer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;

/** The servers that mounts are tried with. */
public enum ServerKind {
    /** QEMU over a virtqueue, with modes and owners as they are on its side. */
    QEMU {
        @Override
        Server export(final Path directory) {
            return new Server.Qemu(directory, Map.of("security_model", "none"));
        }
    },
    /** The same, with numbers of its own for files, as {@code ninepin mount} asks for: those of several devices differ. */
    QEMU_REMAPPED {
        @Override
        Server export(final Path directory) {
            return new Server.Qemu(directory, Map.of("security_model", "none", "multidevs", "remap"));
        }
    },
    /** QEMU over a virtqueue, with modes and owners in extended attributes, and symbolic links as files. */
    QEMU_MAPPED {
        @Override
        Server export(final Path directory) {
            return new Server.Qemu(directory, Map.of("security_model", "mapped-xattr"));
        }
    },
    /** QEMU over a virtqueue, as root: with modes, owners and ACLs as they are on its side. */
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

    /** Starts a server that exports {@code directory}; the caller closes it. */
    abstract Server export(Path directory) throws IOException;

    boolean isMapped() {
        return this == QEMU_MAPPED;
    }

    /** Whether it makes FIFOs: QEMU 7.2 answers ENXIO, unless it only notes what a file is meant to be. */
    boolean makesFifos() {
        return this != QEMU && this != QEMU_REMAPPED && this != QEMU_PASSTHROUGH;
    }

    /** Whether files may be deeper than a path can say: diod hands its kernel whole paths. */
    boolean takesLongPaths() {
        return this != DIOD_UNIX && this != DIOD_TCP;
    }

    /** Whether files have POSIX ACLs. */
    boolean keepsAcls() {
        return this != QEMU && this != QEMU_REMAPPED;
    }

    /** Whether directories have default ACLs: nfs-ganesha makes each attribute with any bytes first, which the kernel checks. */
    boolean keepsDefaultAcls() {
        return keepsAcls() && this != GANESHA;
    }

    /** Whether files have extended attributes whose names begin with {@code security.}: QEMU has none. */
    boolean keepsSecurity() {
        return this == DIOD_UNIX || this == DIOD_TCP;
    }

    /** Whether files have capabilities, which nfs-ganesha can't set for the same reason. */
    boolean keepsCapabilities() {
        return keepsSecurity() && this != GANESHA;
    }
}
