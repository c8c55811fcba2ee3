package dev.ninepin.differential;

import dev.ninepin.mounted.ServerKind;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What may differ from a local directory, because a server is not able to do it: each with its reason. README.md says
 * the same to users.
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
    boolean allow(final Sequence sequence, final int index, final String local, final String mount) {
        return isStatfs(sequence.steps().get(index).call()) && isQemu() && sameSize(local, mount);
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
        return Stream.of(answer.split(" "))
                .filter(word -> word.contains("="))
                .collect(Collectors.toMap(
                        word -> word.substring(0, word.indexOf('=')),
                        word -> Long.parseLong(word.substring(word.indexOf('=') + 1))));
    }

    /** Whether an attribute may be another on the mount. */
    boolean allowField(final String field, final Map<String, String> local, final Map<String, String> mount) {
        return false;
    }
}
