package dev.ninepin.daemon.host;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** The kind of file at a path. Symbolic links are followed. */
public enum FileKind {
    DIRECTORY("a directory"),
    SOCKET("a socket"),
    CHARACTER_DEVICE("a character device"),
    /** A regular file, or a file of any other kind. */
    FILE("a file"),
    /** No file, or none that this user can see. */
    NONE("nothing");

    /** The mode bits that hold the file type, and their values. Source: inode(7). */
    private static final int S_IFMT = 0170000;

    private static final int S_IFDIR = 0040000;
    private static final int S_IFSOCK = 0140000;
    private static final int S_IFCHR = 0020000;

    private final String text;

    FileKind(final String text) {
        this.text = text;
    }

    /** Returns the name of the kind, with an article. */
    public String text() {
        return text;
    }

    public static FileKind of(final Path path) {
        try {
            return ofMode((Integer) Files.getAttribute(path, "unix:mode"));
        } catch (final IOException e) {
            return NONE;
        }
    }

    private static FileKind ofMode(final int mode) {
        return switch (mode & S_IFMT) {
            case S_IFDIR -> DIRECTORY;
            case S_IFSOCK -> SOCKET;
            case S_IFCHR -> CHARACTER_DEVICE;
            default -> FILE;
        };
    }

    private static Optional<String> obstacle(final Path path) {
        for (Path above = path.getParent(); above != null; above = above.getParent()) {
            final FileKind kind = of(above);
            if (kind == DIRECTORY) {
                return Files.isExecutable(above)
                        ? Optional.empty()
                        : Optional.of("this user lacks the permission to enter " + above);
            }
            if (kind != NONE) {
                return Optional.of(above + " is " + kind.text() + ", not a directory");
            }
        }
        return Optional.empty();
    }

    /**
     * Returns the end of a sentence that reports a missing file at {@code path}. It gives the obstacle on the path if
     * there is one, otherwise {@code wayOut}.
     */
    public static String describeAbsence(final Path path, final String wayOut) {
        return obstacle(path).map(why -> " cannot be accessed: " + why).orElse(" does not exist: " + wayOut);
    }
}
