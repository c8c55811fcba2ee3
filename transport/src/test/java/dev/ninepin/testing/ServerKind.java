package dev.ninepin.testing;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;

/** The kinds of servers of other projects that the tests use. */
public enum ServerKind {
    /** QEMU over a virtqueue, with the modes and owners of the host's files. */
    QEMU,
    /**
     * QEMU as with {@link #QEMU}, but with inode numbers remapped as {@code ninepin mount} requests: files on different
     * devices get different numbers.
     */
    QEMU_REMAPPED,
    /** QEMU over a virtqueue, with modes and owners in extended attributes, and with symbolic links stored as files. */
    QEMU_MAPPED,
    /** QEMU over a virtqueue, running as root, with the modes, owners and ACLs of the host's files. */
    QEMU_PASSTHROUGH,
    DIOD_UNIX,
    DIOD_TCP,
    /** nfs-ganesha, which answers each error with an {@link dev.ninepin.p9.Rerror}. */
    GANESHA;

    /** Starts a server that exports {@code directory}. The caller closes the server. */
    public RealServer start(final Path directory) throws IOException {
        return switch (this) {
            case QEMU -> qemu(directory, Map.of("security_model", "none"));
            case QEMU_REMAPPED -> qemu(directory, Map.of("security_model", "none", "multidevs", "remap"));
            case QEMU_MAPPED -> qemu(directory, Map.of("security_model", "mapped-xattr"));
            case QEMU_PASSTHROUGH -> qemu(directory, Map.of("security_model", "passthrough"));
            case DIOD_UNIX -> DiodServer.onUnixSocket(directory);
            case DIOD_TCP -> DiodServer.onTcp(directory);
            case GANESHA -> GaneshaServer.start(directory);
        };
    }

    private RealServer qemu(final Path directory, final Map<String, String> options) {
        return new QemuServers(this, directory, options);
    }

    /** Returns whether the server is QEMU, whose answers the protocol notes describe. */
    public boolean isQemu() {
        return this == QEMU || this == QEMU_REMAPPED || this == QEMU_MAPPED || this == QEMU_PASSTHROUGH;
    }

    public boolean isDiod() {
        return this == DIOD_UNIX || this == DIOD_TCP;
    }

    /** Returns whether a file has another mode, owner or type on the host than over 9P. */
    public boolean isMapped() {
        return this == QEMU_MAPPED;
    }

    /**
     * Returns whether the server can create FIFOs. QEMU 7.2 replies ENXIO, unless it stores the file type in an
     * extended attribute.
     */
    public boolean makesFifos() {
        return !isQemu() || isMapped();
    }

    /** Returns whether a file's path may exceed the kernel's limit. diod passes whole paths to its kernel. */
    public boolean takesLongPaths() {
        return !isDiod();
    }

    /** Returns whether files have POSIX ACLs. */
    public boolean keepsAcls() {
        return this != QEMU && this != QEMU_REMAPPED;
    }

    /**
     * Returns whether directories have default ACLs. nfs-ganesha first creates each attribute with arbitrary bytes,
     * which the kernel rejects for an ACL.
     */
    public boolean keepsDefaultAcls() {
        return keepsAcls() && this != GANESHA;
    }

    /**
     * Returns whether files have extended attributes whose names begin with {@code security.}. QEMU does not support
     * them.
     */
    public boolean keepsSecurity() {
        return isDiod();
    }

    /**
     * Returns whether files have capabilities. nfs-ganesha cannot set them, for the same reason as in {@link
     * #keepsDefaultAcls}.
     */
    public boolean keepsCapabilities() {
        return keepsSecurity() && this != GANESHA;
    }
}
