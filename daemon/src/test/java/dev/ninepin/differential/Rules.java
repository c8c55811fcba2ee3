package dev.ninepin.differential;

import dev.ninepin.testing.ServerKind;
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
     * A call that the server or the mount rejects.
     *
     * @param call the call's name in {@code worker.py}
     * @param errno the errno, where a local directory succeeds
     * @param reason why the call is rejected
     */
    record Limit(String call, String errno, String reason) {}

    /** An entry of {@code done}: a call was made that {@link #limits} lists. */
    static final String MKNOD_REFUSED = "mknod-refused";

    /** An entry of {@code done}: a file without a name was created. */
    static final String UNNAMED = "unnamed";

    /** The largest allowed difference in blocks of 512 bytes. */
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
                limits.add(new Limit("mknod-" + type, "ENXIO", "a bug of QEMU 7.2, fixed in 10.0"));
            }
        }
        return limits;
    }

    /** Returns whether the result of a call may differ on the mount. */
    boolean allow(final Step step, final String local, final String mount, final Set<String> done) {
        if (isChangeOfNothing(step) && local.equals("EPERM") && mount.equals("ok")) {
            // The kernel's request does not show that the call is a chown(2), or that the file has set-ID bits, for
            // which chown(2) may be denied.
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

    /**
     * Returns whether the figures agree apart from the block size. QEMU uses blocks as large as a message may carry
     * ({@code hw/9pfs/9p.c}, v9fs_fill_statfs).
     */
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

    /** Returns whether an attribute may differ on the mount. */
    boolean allowField(final String field, final Map<String, String> local, final Map<String, String> mount) {
        // The host's file system needs more blocks: one for extended attributes, if these hold mode and owner. It needs
        // another one for a fragmented file, which depends on when pages were written back.
        return field.equals("blocks")
                && !local.get(field).equals("-")
                && Math.abs(Long.parseLong(mount.get(field)) - Long.parseLong(local.get(field))) <= BOOK_KEEPING_BLOCKS;
    }

    /**
     * Returns whether a time of a file may have changed on one side only.
     *
     * @param which {@code m} or {@code c}
     * @param type the file's type
     * @param done the calls made so far
     */
    boolean allowTime(
            final String which, final String type, final String local, final String mount, final Set<String> done) {
        if (done.contains("mput") && type.equals("reg")) {
            // A local file's times change at the first write to a mapped page; on the mount they change when the page
            // is written back.
            return true;
        }
        if (!local.equals(Comparison.CHANGED) && (mount.equals(Comparison.CHANGED) || mount.equals(Comparison.NEW))) {
            // An open file that loses its name is renamed to a temporary name, which is removed at the last close. The
            // removal changes the directory, and the file if it has other names.
            final boolean directory = type.equals("dir");
            // QEMU 7.2 creates the node, fails to open it, and removes it. A file without a name has a hidden name on
            // the server.
            return (directory && (done.contains(MKNOD_REFUSED) || done.contains(UNNAMED)))
                    || ((done.contains("unlink") || done.contains("rename")) && (directory || which.equals("c")));
        }
        // Owner and mode are stored in extended attributes. Setting the same value again changes nothing.
        return kind == ServerKind.QEMU_MAPPED
                && which.equals("c")
                && local.equals(Comparison.CHANGED)
                && mount.equals(Comparison.AS_BEFORE)
                && !Collections.disjoint(done, Set.of("chmod", "fchmod", "chown", "fchown"));
    }
}
