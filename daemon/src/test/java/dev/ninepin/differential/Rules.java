package dev.ninepin.differential;

import dev.ninepin.mounted.ServerKind;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The differences from a local directory that a server causes, each with its reason. {@code docs/file-operations.md} tells
 * users the same.
 */
final class Rules {
    /**
     * A call that the server, or the mount, refuses.
     *
     * @param call as {@code worker.py} knows it
     * @param errno the answer, where a local directory would do it
     * @param reason why
     */
    record Limit(String call, String errno, String reason) {}

    /** Among the calls that were done: one that {@link #limits} says are refused. */
    static final String MKNOD_REFUSED = "mknod-refused";

    /** Among the calls that were done: a file was made that has no name. */
    static final String UNNAMED = "unnamed";

    /** Of 512 bytes. */
    private static final int BOOK_KEEPING_BLOCKS = 16;

    private final ServerKind kind;

    Rules(final ServerKind kind) {
        this.kind = kind;
    }

    List<Limit> limits() {
        final List<Limit> limits = new ArrayList<>();
        limits.add(new Limit("fallocate", "EOPNOTSUPP", "9P2000.L has no message for it"));
        limits.add(new Limit("holes", "", "9P2000.L has no message that finds holes: a file is data to its end"));
        if (kind == ServerKind.QEMU || kind == ServerKind.QEMU_PASSTHROUGH) {
            for (final String type : List.of("fifo", "sock", "chr", "blk")) {
                limits.add(new Limit("mknod-" + type, "ENXIO", "a bug of QEMU 7.2, mended in 10.0"));
            }
        }
        return limits;
    }

    /** Whether the answer to a call may be another on the mount. */
    boolean allow(final Step step, final String local, final String mount, final Set<String> done) {
        if (isChangeOfNothing(step) && local.equals("EPERM") && mount.equals("ok")) {
            // The kernel does not say that it is a chown(2), nor that the file has set-ID bits, which may be in the way
            // of it.
            return true;
        }
        final boolean both = local.startsWith("ok ") && mount.startsWith("ok ");
        return isQemu() && both && isStatfs(step.call()) && sameSize(local, mount);
    }

    private static boolean isChangeOfNothing(final Step step) {
        return step.call().endsWith("chown") && step.arguments().subList(1, 3).equals(List.of("-1", "-1"));
    }

    private boolean isQemu() {
        return kind != ServerKind.DIOD_UNIX;
    }

    private static boolean isStatfs(final String call) {
        return call.equals("statfs") || call.equals("fstatfs");
    }

    /** QEMU counts in blocks as large as a message may carry ({@code hw/9pfs/9p.c}, v9fs_fill_statfs). */
    private static boolean sameSize(final String local, final String mount) {
        final Map<String, Long> expected = numbers(local);
        final Map<String, Long> actual = numbers(mount);
        final long block = actual.get("frsize");
        return actual.get("bsize") == block
                && expected.get("blocks") * expected.get("frsize") / block == actual.get("blocks")
                && expected.get("files").equals(actual.get("files"))
                && expected.get("namemax").equals(actual.get("namemax"));
    }

    private static Map<String, Long> numbers(final String answer) {
        return Stream.of(answer.split(" ", -1))
                .filter(word -> word.contains("="))
                .collect(Collectors.toMap(
                        word -> word.substring(0, word.indexOf('=')),
                        word -> Long.parseLong(word.substring(word.indexOf('=') + 1))));
    }

    /** Whether an attribute may be another on the mount. */
    boolean allowField(final String field, final Map<String, String> local, final Map<String, String> mount) {
        // What the host's file system needs besides: a block of extended attributes, where these keep mode and owner; a
        // block for a file in many pieces, which depends on when pages were written back.
        return field.equals("blocks")
                && !local.get(field).equals("-")
                && Math.abs(Long.parseLong(mount.get(field)) - Long.parseLong(local.get(field))) <= BOOK_KEEPING_BLOCKS;
    }

    /**
     * Whether a time of a file may have changed on one side only.
     *
     * @param which {@code m} or {@code c}
     * @param type of the file
     * @param done what calls there were until now
     */
    boolean allowTime(
            final String which, final String type, final String local, final String mount, final Set<String> done) {
        if (done.contains("mput") && type.equals("reg")) {
            // A local file changes when a page of it is first written to; on the mount when the page is written back.
            return true;
        }
        if (!local.equals(Comparison.CHANGED) && (mount.equals(Comparison.CHANGED) || mount.equals(Comparison.NEW))) {
            // What is open and loses its name is renamed aside. At the last close the new name is removed: that
            // changes its directory, and the file if it has other names.
            final boolean directory = type.equals("dir");
            // QEMU 7.2 makes the node, fails to open it, and removes it.
            // A file without a name has a hidden one.
            return (directory && (done.contains(MKNOD_REFUSED) || done.contains(UNNAMED)))
                    || ((done.contains("unlink") || done.contains("rename")) && (directory || which.equals("c")));
        }
        // Owner and mode are values of extended attributes. To set what is there already changes nothing.
        return kind == ServerKind.QEMU_MAPPED
                && which.equals("c")
                && local.equals(Comparison.CHANGED)
                && mount.equals(Comparison.AS_BEFORE)
                && !Collections.disjoint(done, Set.of("chmod", "fchmod", "chown", "fchown"));
    }
}
