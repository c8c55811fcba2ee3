package dev.ninepin.differential;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.Predicate;
import java.util.function.Supplier;

/**
 * A generator of random sequences; the same seed gives the same sequence. Each sequence uses only some of the calls,
 * and few names, descriptors and offsets, so that calls often affect each other.
 */
final class Generator {
    private static final int MOST_PROCESSES = 3;
    private static final int SLOTS = 3;
    private static final int LEAST_STEPS = 15;
    private static final int MOST_STEPS = 60;
    private static final int MOST_PATH = 40;

    private static final List<Integer> SIZES = List.of(
            0, 1, 5, 10, 100, 100, 511, 512, 1000, 4095, 4096, 4097, 8192, 12345, 65536, 131048, 131072, 131073, 200000,
            300000);
    private static final List<Long> OFFSETS = List.of(
            0L, 0L, 0L, 1L, 10L, 50L, 100L, 4095L, 4096L, 5000L, 8192L, 10000L, 65536L, 131072L, 250000L, 1L << 20);
    private static final List<String> MODES =
            List.of("644", "600", "666", "755", "777", "0", "444", "200", "4755", "2755", "6711", "1777", "2777");
    private static final List<Integer> IDS = List.of(0, 0, 1000, 1000, 1001, 1002);
    private static final List<String> ODD_NAMES = List.of(
            ".",
            "..",
            "%",
            "/",
            "a/",
            "a/.",
            "d/..",
            "a//b",
            "./a",
            "d/../b",
            "%ff%fe",
            "x%0ay%20z",
            "%c3%28",
            "n".repeat(255),
            "n".repeat(256),
            "d/" + "m".repeat(255));
    private static final List<String> XATTRS = List.of("user.a", "user.b", "user." + "x".repeat(250));

    private static final Set<String> ON_DESCRIPTORS = Set.of(
            "close",
            "dup",
            "setfl",
            "getfl",
            "fsync",
            "fdatasync",
            "read",
            "pread",
            "readv",
            "write",
            "pwrite",
            "writev",
            "ftruncate",
            "fallocate",
            "lseek",
            "copyrange",
            "sendfile",
            "mmap",
            "linkfd",
            "fchmod",
            "fchown",
            "futimens",
            "fstat",
            "same",
            "fstatfs");

    private final SplittableRandom random;
    private final List<Step> steps = new ArrayList<>();
    private final List<Weighted> calls = new ArrayList<>();
    private final List<String> names;

    private final Guess guess = new Guess();

    private int process;

    private record Weighted(int weight, String call, Supplier<Step> make) {}

    private Generator(final long seed) {
        random = new SplittableRandom(seed);
        names = List.of("a", "b", "c", "d", "e", "f").subList(0, random.nextInt(2, 7));
        addAll();
    }

    static Sequence sequence(final long seed) {
        return new Generator(seed).generate();
    }

    private Sequence generate() {
        // Swarm testing: about half of the calls are left out, and some of the others are frequent.
        final List<Weighted> some = new ArrayList<>();
        for (final Weighted one : calls) {
            final boolean basic = one.call.equals("open") || one.call.equals("write") || one.call.equals("stat");
            if (basic || random.nextInt(2) == 0) {
                final int often = random.nextInt(6) == 0 ? 5 : 1;
                some.add(new Weighted(one.weight * often, one.call, one.make));
            }
        }
        final int processes = random.nextInt(3) == 0 ? 1 : random.nextInt(2, MOST_PROCESSES + 1);
        final int count = random.nextInt(LEAST_STEPS, MOST_STEPS + 1);
        final boolean users = random.nextInt(3) == 0;
        for (int i = 0; users && i < processes; i++) {
            process = i;
            if (random.nextInt(3) != 0) {
                add(user());
            }
        }
        furnish(processes);
        final int total = some.stream().mapToInt(Weighted::weight).sum();
        while (steps.size() < count) {
            if (random.nextInt(3) == 0) {
                process = random.nextInt(processes);
            }
            int at = random.nextInt(total);
            for (final Weighted one : some) {
                at -= one.weight;
                if (at < 0) {
                    add(mayWork(one.call) ? one.make.get() : open());
                    break;
                }
            }
        }
        return new Sequence(steps);
    }

    /** Returns whether a call has something to work on. Occasionally returns true even if it has nothing. */
    private boolean mayWork(final String call) {
        return random.nextInt(20) == 0
                || switch (call) {
                    case "mget", "mput", "msync", "munmap" ->
                        !guess.maps(process).isEmpty();
                    case "readdir", "rewinddir", "closedir" ->
                        !guess.directories(process).isEmpty();
                    default ->
                        !ON_DESCRIPTORS.contains(call)
                                || !guess.descriptors(process, kind -> true).isEmpty();
                };
    }

    private void add(final Step step) {
        steps.add(step);
        guess.follow(step);
    }

    /** Adds steps that create some files to start with. */
    private void furnish(final int processes) {
        for (int i = random.nextInt(5); i > 0; i--) {
            process = random.nextInt(processes);
            switch (random.nextInt(4)) {
                case 0 -> add(Step.of(process, "mkdir", fresh(), random.nextInt(3) == 0 ? "777" : mode()));
                case 1 -> add(Step.of(process, "symlink", target(), fresh()));
                default -> {
                    final String slot = Integer.toString(random.nextInt(SLOTS));
                    add(Step.of(process, "open", slot, fresh(), "RDWR|CREAT", random.nextInt(3) == 0 ? "666" : mode()));
                    add(Step.of(process, "write", slot, random.nextBoolean() ? 20000 : size(), seed()));
                }
            }
        }
    }

    private void addAll() {
        addDescriptors();
        addData();
        addMemory();
        addNames();
        addAttributes();
        addDirectories();
        addXattrs();
        add(1, "umask", () -> pick(List.of("0", "22", "77", "27", "777")));
        calls.add(new Weighted(1, "user", this::user));
        add(1, "chdir", this::directory);
    }

    private void addDescriptors() {
        calls.add(new Weighted(30, "open", this::open));
        add(8, "close", this::slot);
        add(3, "dup", this::slot, this::slot);
        add(2, "setfl", this::slot, () -> pick(List.of("APPEND", "-")));
        add(2, "getfl", this::slot);
        add(1, "fsync", this::slot);
        add(1, "fdatasync", this::slot);
    }

    private void addData() {
        add(8, "read", this::slot, this::size);
        add(8, "pread", this::slot, this::offset, this::size);
        add(3, "readv", this::slot, this::size, this::size, this::size);
        add(12, "write", this::slot, this::size, this::seed);
        add(10, "pwrite", this::slot, this::offset, this::size, this::seed);
        add(3, "writev", this::slot, this::seed, this::size, this::size, this::size);
        add(4, "truncate", this::file, this::offset);
        add(5, "ftruncate", this::slot, this::offset);
        add(2, "fallocate", this::slot, () -> pick(List.of(0, 1, 2, 3, 16)), this::offset, this::size);
        add(4, "lseek", this::slot, this::seekOffset, () -> pick(List.of("SET", "CUR", "END", "DATA", "HOLE")));
        add(4, "copyrange", this::slot, this::offsetOrNone, this::slot, this::offsetOrNone, this::size);
        add(2, "sendfile", this::slot, this::offsetOrNone, this::slot, this::size);
    }

    private void addMemory() {
        add(
                6,
                "mmap",
                this::free,
                this::slot,
                () -> pick(List.of(0, 0, 0, 4096, 8192)),
                this::mapSize,
                () -> pick(List.of("shared", "shared", "shared-ro", "private", "private-ro")));
        add(6, "mget", this::map, this::offset, this::size);
        add(6, "mput", this::map, this::offset, this::size, this::seed);
        add(4, "msync", this::map);
        add(2, "munmap", this::map);
    }

    private void addNames() {
        add(6, "link", this::file, this::fresh, this::follow);
        add(1, "linkfd", this::slot, this::fresh);
        add(5, "symlink", this::target, this::fresh);
        add(2, "readlink", () -> path(kind -> kind == Guess.Kind.OTHER));
        add(8, "unlink", this::file);
        add(4, "rmdir", this::directory);
        add(8, "mkdir", this::fresh, this::mode);
        add(
                3,
                "mknod",
                this::fresh,
                () -> pick(List.of("reg", "fifo", "sock", "chr", "blk")),
                this::mode,
                () -> pick(List.of(0, 1, 200)),
                () -> pick(List.of(0, 3, 250)));
        add(12, "rename", this::path, this::destination, () -> pick(List.of("-", "-", "-", "NOREPLACE")));
    }

    private void addAttributes() {
        add(4, "chmod", this::path, this::mode);
        add(3, "fchmod", this::slot, this::mode);
        add(4, "chown", this::path, this::id, this::id, this::follow);
        add(3, "fchown", this::slot, this::id, this::id);
        add(3, "utimens", this::path, this::time, this::time, this::follow);
        add(3, "futimens", this::slot, this::time, this::time);
        add(
                3,
                "access",
                this::path,
                () -> pick(List.of("f", "r", "w", "x", "rw", "rx")),
                () -> pick(List.of("real", "effective")));
        add(12, "stat", this::path, this::follow);
        add(8, "fstat", this::slot);
        add(2, "same", this::path, this::slot);
        add(1, "statfs", this::path);
        add(1, "fstatfs", this::slot);
    }

    private void addDirectories() {
        add(3, "list", this::directory);
        add(2, "seekdir", this::directory, () -> pick(List.of(1, 2, 3)));
        add(2, "opendir", this::free, this::directory);
        add(2, "readdir", this::stream, () -> pick(List.of(1, 2, 3, 100)));
        add(2, "rewinddir", this::stream);
        add(1, "closedir", this::stream);
    }

    private void addXattrs() {
        // No empty values, because 9P2000.L cannot set them.
        add(
                4,
                "setxattr",
                this::xattrTarget,
                () -> pick(XATTRS),
                // All attributes of a file together fit into a block of ext4. Near that limit the sides would differ,
                // because QEMU keeps some attributes of its own there.
                () -> pick(List.of(1, 10, 100, 1000, 900)),
                this::seed,
                () -> pick(List.of("-", "-", "CREATE", "REPLACE")));
        add(3, "getxattr", this::xattrTarget, () -> pick(XATTRS));
        add(2, "listxattr", this::xattrTarget);
        add(2, "removexattr", this::xattrTarget, () -> pick(XATTRS));
    }

    private void add(final int weight, final String call, final Supplier<?>... arguments) {
        calls.add(new Weighted(weight, call, () -> {
            final List<String> words = new ArrayList<>();
            for (final Supplier<?> argument : arguments) {
                words.add(argument.get().toString());
            }
            return new Step(process, call, words);
        }));
    }

    // The arguments of calls

    private Step open() {
        final List<String> flags = new ArrayList<>();
        flags.add(pick(List.of("RDONLY", "RDONLY", "WRONLY", "RDWR", "RDWR", "RDWR")));
        final String path;
        switch (random.nextInt(16)) {
            case 0, 1 -> {
                flags.set(0, "RDONLY");
                flags.add("DIRECTORY");
                path = random.nextInt(4) == 0 ? "." : directory();
            }
            case 2 -> {
                addIf(flags, 100, "PATH");
                path = path();
            }
            case 3 -> {
                addIf(flags, 100, "TMPFILE");
                addIf(flags, 20, "EXCL");
                path = random.nextBoolean() ? "." : directory();
            }
            default -> {
                addIf(flags, 65, "CREAT");
                addIf(flags, 15, "EXCL");
                addIf(flags, 20, "TRUNC");
                addIf(flags, 20, "APPEND");
                addIf(flags, 3, "DIRECTORY");
                path = random.nextInt(3) == 0 ? fresh() : file();
            }
        }
        addIf(flags, 8, "NOFOLLOW");
        addIf(flags, 1, "SYNC");
        addIf(flags, 1, "DSYNC");
        addIf(flags, 3, "NOATIME");
        return Step.of(process, "open", random.nextInt(SLOTS), path, String.join("|", flags), mode());
    }

    private void addIf(final List<String> flags, final int percent, final String flag) {
        if (random.nextInt(100) < percent) {
            flags.add(flag);
        }
    }

    private Step user() {
        final List<Object> ids = new ArrayList<>(List.of(id(), id()));
        for (int i = random.nextInt(3); i > 0; i--) {
            ids.add(id());
        }
        return Step.of(process, "user", ids.toArray());
    }

    /** Returns a path that may or may not exist. */
    private String path() {
        return path(kind -> true);
    }

    private String file() {
        return path(kind -> kind == Guess.Kind.FILE);
    }

    private String directory() {
        return path(kind -> kind == Guess.Kind.DIRECTORY);
    }

    private String path(final Predicate<Guess.Kind> fits) {
        final int chance = random.nextInt(100);
        if (chance < 3) {
            return pick(ODD_NAMES);
        }
        final List<String> there = guess.paths(fits);
        if (chance < 15 || there.isEmpty()) {
            return fresh();
        }
        final String path = pick(there);
        final List<String> open = guess.descriptors(process, kind -> kind == Guess.Kind.DIRECTORY);
        return chance < 25 && !open.isEmpty() ? pick(open) + ":" + pick(names) : path;
    }

    /** Returns a path in an existing directory; most such names do not exist. */
    private String fresh() {
        final List<String> directories = guess.paths(kind -> kind != Guess.Kind.FILE);
        if (directories.isEmpty() || random.nextInt(5) < 2) {
            return random.nextInt(40) == 0 ? pick(ODD_NAMES) : pick(names);
        }
        final String path = pick(directories) + "/" + pick(names);
        return path.length() < MOST_PATH ? path : pick(names);
    }

    private String destination() {
        return random.nextBoolean() ? fresh() : path();
    }

    private String target() {
        return switch (random.nextInt(8)) {
            case 0 -> ".";
            case 1 -> "../" + pick(names);
            case 2 -> "t".repeat(random.nextInt(1, 200));
            default -> random.nextBoolean() ? pick(names) : pick(names) + "/" + pick(names);
        };
    }

    private String xattrTarget() {
        return random.nextInt(3) == 0 ? "=" + slot() : path();
    }

    private String slot() {
        final List<String> open =
                guess.descriptors(process, random.nextInt(4) == 0 ? kind -> true : kind -> kind == Guess.Kind.FILE);
        return open.isEmpty() ? Integer.toString(random.nextInt(SLOTS)) : pick(open);
    }

    private String free() {
        return Integer.toString(random.nextInt(2));
    }

    private String map() {
        final List<String> maps = guess.maps(process);
        return maps.isEmpty() ? free() : pick(maps);
    }

    private String stream() {
        final List<String> streams = guess.directories(process);
        return streams.isEmpty() ? free() : pick(streams);
    }

    private int mapSize() {
        return pick(List.of(1, 10, 100, 4096, 5000, 12000));
    }

    private int size() {
        return SIZES.get(random.nextInt(random.nextInt(3) == 0 ? SIZES.size() : SIZES.size() * 2 / 3));
    }

    private long offset() {
        return random.nextInt(300) == 0 ? 5L << 30 : pick(OFFSETS);
    }

    private String offsetOrNone() {
        return random.nextBoolean() ? "-" : Long.toString(offset());
    }

    private long seekOffset() {
        return random.nextInt(6) == 0 ? -offset() : offset();
    }

    private int seed() {
        return random.nextInt(1, 250);
    }

    private String mode() {
        return random.nextBoolean() ? pick(MODES.subList(0, 5)) : pick(MODES);
    }

    private int id() {
        return random.nextInt(8) == 0 ? -1 : pick(IDS);
    }

    private String follow() {
        return random.nextInt(3) == 0 ? "nofollow" : "follow";
    }

    private String time() {
        return switch (random.nextInt(5)) {
            case 0 -> "NOW";
            case 1 -> "OMIT";
            default ->
                Long.toString(random.nextLong(1_400_000_000L) * 1_000_000_000L + random.nextLong(1_000_000_000L));
        };
    }

    private <T> T pick(final List<T> from) {
        return from.get(random.nextInt(from.size()));
    }
}
