package dev.ninepin.differential;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The comparison of both sides' results of a sequence.
 *
 * <p>Most results must be equal. Attributes that cannot be equal are compared by what they say about the file:
 *
 * <ul>
 *   <li>Inode numbers: a file must keep its number between calls, and another file must have another number.
 *   <li>Times that a call has set must be equal; they are recognised because they are long ago. Other times must have
 *       changed on both sides or on neither since the file was last seen.
 *   <li>The access time is only compared if it was set and nothing has been read since. The kernel answers reads from
 *       its cache, and the server does not see those, as with any network file system. Symbolic links are read all the
 *       time.
 * </ul>
 */
final class Comparison {
    private static final long LONG_AGO_NS = 1_500_000_000L * 1_000_000_000L;

    /** The calls that may change an access time. */
    private static final Set<String> READS = Set.of(
            "read",
            "pread",
            "readv",
            "copyrange",
            "sendfile",
            "mget",
            "mput",
            "mmap",
            "readlink",
            "list",
            "seekdir",
            "readdir",
            "rewinddir",
            "opendir");

    static final String AS_BEFORE = "as before";
    static final String CHANGED = "changed";

    /** The time of a file that is seen for the first time, if it is not long ago. */
    static final String NEW = "new";

    private final Rules rules;
    private final Sequence sequence;
    private final Map<String, Seen> files = new HashMap<>();

    /** The calls made so far. */
    private final Set<String> done = new HashSet<>();

    /** The targets whose access time was set, with no read since. */
    private final Set<String> accessTimeSet = new HashSet<>();

    /** The attributes of a file when it was last seen. */
    private record Seen(String numberOnMount, Map<String, String> local, Map<String, String> mount) {}

    private Comparison(final Rules rules, final Sequence sequence) {
        this.rules = rules;
        this.sequence = sequence;
    }

    /** Returns a description of the first difference that no rule allows, or empty if there is none. */
    static Optional<String> difference(
            final Rules rules, final Sequence sequence, final Answers local, final Answers mount) {
        return new Comparison(rules, sequence).compare(local, mount);
    }

    private Optional<String> compare(final Answers local, final Answers mount) {
        final List<Step> steps = sequence.steps();
        if (local.calls().size() != steps.size() || mount.calls().size() != steps.size()) {
            return Optional.of("%d calls; local answers: %d, of the mount: %d"
                    .formatted(steps.size(), local.calls().size(), mount.calls().size()));
        }
        for (int i = 0; i < steps.size(); i++) {
            final Step step = steps.get(i);
            final String expected = local.calls().get(i);
            final String actual = mount.calls().get(i);
            final String why = step.isStat() && expected.startsWith("ok ") && actual.startsWith("ok ")
                    ? attributes(expected.substring(3), actual.substring(3), accessTimeSet.contains(target(step)))
                    : expected.equals(actual) ? "" : "the answers differ";
            if (!why.isEmpty() && !rules.allow(step, expected, actual, done)) {
                return Optional.of(
                        "line %d: %s\n  %s\n  local: %s\n  mount: %s\n".formatted(i + 1, step, why, expected, actual));
            }
            if (expected.startsWith("ok")) {
                done(step);
            } else if (step.call().equals("mknod") && actual.equals("ENXIO")) {
                done.add(Rules.MKNOD_REFUSED);
            }
        }
        return compareTrees(local.tree(), mount.tree());
    }

    private void done(final Step step) {
        done.add(step.call());
        if (step.call().equals("open") && step.arguments().stream().anyMatch(word -> word.contains("TMPFILE"))) {
            done.add(Rules.UNNAMED);
        }
        switch (step.call()) {
            case "utimens", "futimens" -> accessTimeSet.add(target(step));
            // From now on, the name or the descriptor may refer to another file.
            case "rename", "link", "linkfd", "symlink", "open", "dup", "close", "chdir" -> accessTimeSet.clear();
            default -> {
                if (READS.contains(step.call())) {
                    accessTimeSet.clear();
                }
            }
        }
    }

    /** Returns a key for the process and the file that a call refers to. */
    private static String target(final Step step) {
        final String kind = step.call().startsWith("f") ? "descriptor " : "path ";
        return step.process() + " " + kind + step.arguments().get(0);
    }

    private Optional<String> compareTrees(final List<String> local, final List<String> mount) {
        final List<String> names = names(local);
        if (!names.equals(names(mount))) {
            return Optional.of("in the end there are\n  local: %s\n  mount: %s\n".formatted(names, names(mount)));
        }
        final boolean nothingRead = Collections.disjoint(done, READS);
        final Map<String, String> numbers = new HashMap<>();
        for (int i = 0; i < local.size(); i++) {
            final String expected = local.get(i);
            final String actual = mount.get(i);
            final String why = attributes(
                    expected.substring(names.get(i).length() + 1),
                    actual.substring(names.get(i).length() + 1),
                    nothingRead && !numbers.containsKey(field(actual, " id=")));
            final String before = numbers.put(field(actual, " id="), field(expected, " id="));
            if (!why.isEmpty()) {
                return Optional.of("in the end: %s\n  local: %s\n  mount: %s\n".formatted(why, expected, actual));
            } else if (before != null && !before.equals(field(expected, " id="))) {
                return Optional.of("in the end two files have the same inode number: %s\n".formatted(actual));
            }
        }
        return Optional.empty();
    }

    private static List<String> names(final List<String> tree) {
        return tree.stream().map(line -> line.substring(0, line.indexOf(' '))).toList();
    }

    private static String field(final String line, final String key) {
        final int begin = line.indexOf(key) + key.length();
        final int end = line.indexOf(' ', begin);
        return line.substring(begin, end < 0 ? line.length() : end);
    }

    /** Returns why the attributes of a file do not agree, or an empty string if they do. */
    private String attributes(final String localLine, final String mountLine, final boolean accessTimeIsTold) {
        final Map<String, String> local = fields(localLine);
        final Map<String, String> mount = fields(mountLine);
        final List<String> wrong = new ArrayList<>();
        for (final String field : local.keySet()) {
            if (!Set.of("id", "a", "m", "c").contains(field)
                    && !local.get(field).equals(mount.get(field))
                    && !rules.allowField(field, local, mount)) {
                wrong.add(field);
            }
        }
        final Seen before = files.put(local.get("id"), new Seen(mount.get("id"), local, mount));
        if (before != null && !before.numberOnMount().equals(mount.get("id"))) {
            wrong.add("inode number, which has changed");
        }
        for (final String time : List.of("m", "c")) {
            final String expected =
                    time(local, time, Optional.ofNullable(before).map(Seen::local));
            final String actual = time(mount, time, Optional.ofNullable(before).map(Seen::mount));
            if (!expected.equals(actual) && !rules.allowTime(time, local.get("type"), expected, actual, done)) {
                wrong.add("%stime: %s, but %s on the mount".formatted(time, expected, actual));
            }
        }
        if (accessTimeIsTold
                && !local.get("type").equals("lnk")
                && (isOld(local.get("a")) || isOld(mount.get("a")))
                && !local.get("a").equals(mount.get("a"))) {
            wrong.add("atime");
        }
        return wrong.isEmpty() ? "" : "not the same: " + String.join(", ", wrong);
    }

    private static boolean isOld(final String time) {
        return Long.parseLong(time) < LONG_AGO_NS;
    }

    private static String time(
            final Map<String, String> now, final String which, final Optional<Map<String, String>> before) {
        if (isOld(now.get(which))) {
            return now.get(which);
        }
        return before.map(then -> then.get(which).equals(now.get(which)) ? AS_BEFORE : CHANGED)
                .orElse(NEW);
    }

    private static Map<String, String> fields(final String line) {
        final Map<String, String> fields = new HashMap<>();
        final String[] words = line.split(" ", -1);
        fields.put("type", words[0]);
        fields.put("mode", words[1]);
        fields.put("owner", words[3]);
        for (final String word : words) {
            final int at = word.indexOf('=');
            if (at > 0) {
                fields.put(word.substring(0, at), word.substring(at + 1));
            }
        }
        return fields;
    }
}
