package dev.ninepin.differential;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;

/**
 * An estimate of what files a sequence has created, so that most of its calls have something to work on. It is
 * sometimes wrong, and no check depends on it.
 */
final class Guess {
    /** The type of file that a path or a descriptor refers to. */
    enum Kind {
        FILE,
        DIRECTORY,
        OTHER
    }

    private final TreeMap<String, Kind> paths = new TreeMap<>();

    /** The kinds of open descriptors, by process and number. */
    private final TreeMap<String, Kind> descriptors = new TreeMap<>();

    /** The memory maps, by process and number; {@link #directories} are the open directories. */
    private final TreeSet<String> maps = new TreeSet<>();

    private final TreeSet<String> directories = new TreeSet<>();

    void follow(final Step step) {
        final List<String> words = step.arguments();
        switch (step.call()) {
            case "open" -> opened(step, words.get(1), words.get(2));
            case "mkdir" -> made(words.get(0), Kind.DIRECTORY);
            case "mknod" -> made(words.get(0), words.get(1).equals("reg") ? Kind.FILE : Kind.OTHER);
            case "symlink" -> made(words.get(1), Kind.OTHER);
            case "link" -> made(words.get(1), paths.getOrDefault(words.get(0), Kind.FILE));
            case "unlink", "rmdir" -> removed(words.get(0));
            case "rename" -> renamed(words.get(0), words.get(1));
            case "close" -> descriptors.remove(key(step, 0));
            case "dup" -> {
                if (descriptors.containsKey(key(step, 0))) {
                    descriptors.put(key(step, 1), descriptors.get(key(step, 0)));
                }
            }
            case "mmap" -> maps.add(key(step, 0));
            case "munmap" -> maps.remove(key(step, 0));
            case "opendir" -> directories.add(key(step, 0));
            case "closedir" -> directories.remove(key(step, 0));
            default -> {}
        }
    }

    /** Returns the paths whose kind fits, without the sequence's root. */
    List<String> paths(final Predicate<Kind> fits) {
        return chosen(paths, "", fits);
    }

    /** Returns the numbers of a process's open descriptors whose kind fits. */
    List<String> descriptors(final int process, final Predicate<Kind> fits) {
        return chosen(descriptors, process + "/", fits);
    }

    List<String> maps(final int process) {
        return numbers(maps, process);
    }

    List<String> directories(final int process) {
        return numbers(directories, process);
    }

    private static String key(final Step step, final int argument) {
        return step.process() + "/" + step.arguments().get(argument);
    }

    private static List<String> chosen(final Map<String, Kind> from, final String prefix, final Predicate<Kind> fits) {
        return from.entrySet().stream()
                .filter(entry -> entry.getKey().startsWith(prefix) && fits.test(entry.getValue()))
                .map(entry -> entry.getKey().substring(prefix.length()))
                .toList();
    }

    private static List<String> numbers(final Set<String> from, final int process) {
        return from.stream()
                .filter(key -> key.startsWith(process + "/"))
                .map(key -> key.substring(key.indexOf('/') + 1))
                .toList();
    }

    private void opened(final Step step, final String path, final String flags) {
        final Kind there = paths.get(path);
        final boolean makes = flags.contains("CREAT") && !flags.contains("DIRECTORY");
        if (flags.contains("TMPFILE")) {
            descriptors.put(key(step, 0), Kind.FILE);
        } else if (there == null && makes && parentIsThere(path)) {
            paths.put(path, Kind.FILE);
            descriptors.put(key(step, 0), Kind.FILE);
        } else if (path.equals(".")) {
            descriptors.put(key(step, 0), Kind.DIRECTORY);
        } else if (there != null) {
            descriptors.put(key(step, 0), flags.contains("PATH") && there == Kind.FILE ? Kind.OTHER : there);
        }
    }

    private boolean parentIsThere(final String path) {
        if (path.equals("%")) {
            return false;
        }
        final int slash = path.lastIndexOf('/');
        return slash < 0 || paths.get(path.substring(0, slash)) == Kind.DIRECTORY;
    }

    private void made(final String path, final Kind kind) {
        if (parentIsThere(path)) {
            paths.putIfAbsent(path, kind);
        }
    }

    private void removed(final String path) {
        paths.remove(path);
    }

    private void renamed(final String from, final String to) {
        final Kind kind = paths.remove(from);
        if (kind != null && parentIsThere(to)) {
            paths.put(to, kind);
            final List<Map.Entry<String, Kind>> below =
                    new ArrayList<>(paths.subMap(from + "/", from + "0").entrySet());
            for (final Map.Entry<String, Kind> entry : below) {
                paths.put(to + entry.getKey().substring(from.length()), entry.getValue());
                paths.remove(entry.getKey());
            }
        }
    }
}
