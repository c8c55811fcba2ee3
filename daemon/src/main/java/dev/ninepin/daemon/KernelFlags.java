package dev.ninepin.daemon;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * The options of mount(8) that the kernel enforces on a FUSE mount, as one list gives them. Used by one thread. Source:
 * mount(8) of util-linux 2.38 and 2.41, "Filesystem-independent mount options".
 */
final class KernelFlags {
    /**
     * Each flag that differs from the default, with the words that take it back. libfuse makes a mount nosuid and nodev
     * unless root asks for suid and dev (lib/mount.c, mount_flags).
     */
    private static final Map<String, Set<String>> FLAGS = Map.of(
            "noexec", Set.of("exec"),
            "noatime", Set.of("atime", "strictatime"),
            "strictatime", Set.of("nostrictatime", "noatime"),
            "nodiratime", Set.of("diratime"),
            "nosymfollow", Set.of("symfollow"),
            "sync", Set.of("async"),
            "suid", Set.of("nosuid"),
            "dev", Set.of("nodev"),
            "dirsync", Set.of());

    /** The layers that mount(8) may name behind a flag; a FUSE mount has the flag in both. */
    private static final Set<String> LAYERS = Set.of("vfs", "fs", "recursive");

    /** The contexts of SELinux, whose values go to the kernel as they are. */
    private static final Set<String> CONTEXTS = Set.of("context", "fscontext", "defcontext", "rootcontext");

    private final Set<String> taken = new TreeSet<>();

    /** Returns whether {@code name} is one of these options. */
    static boolean isKnown(final String name) {
        return FLAGS.containsKey(name)
                || CONTEXTS.contains(name)
                || FLAGS.values().stream().anyMatch(opposites -> opposites.contains(name));
    }

    /** Returns the names of the flags that differ from the default. */
    static Set<String> names() {
        return FLAGS.keySet();
    }

    /** Returns whether {@code option} sets a context of SELinux. */
    static boolean isContext(final String option) {
        return CONTEXTS.contains(OptionList.name(option));
    }

    /** Returns whether a flag may have {@code value}. */
    static boolean isLayer(final String value) {
        return LAYERS.contains(value);
    }

    /** Takes an option that is known; it overrides those before it that contradict it. */
    void take(final String option) throws NinepinException {
        final String name = OptionList.name(option);
        if (isContext(option)) {
            if (OptionList.value(option).isEmpty()) {
                throw NinepinException.usage("option " + name + " needs a value: write -o " + name + "=VALUE");
            }
            taken.removeIf(earlier -> OptionList.name(earlier).equals(name));
            taken.add(option);
            return;
        }
        if (option.contains("=") && !isLayer(OptionList.value(option))) {
            throw NinepinException.usage("option " + name + " takes no value: write -o " + name);
        }
        FLAGS.forEach((flag, opposites) -> {
            if (opposites.contains(name)) {
                taken.remove(flag);
            }
        });
        if (FLAGS.containsKey(name)) {
            taken.add(name);
        }
    }

    /** Returns the flags that are set, in alphabetical order. */
    List<String> list() {
        return List.copyOf(taken);
    }
}
