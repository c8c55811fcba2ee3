package dev.ninepin.daemon.options;

import dev.ninepin.daemon.host.NinepinException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * The options of mount(8) in one list that the kernel enforces on a FUSE mount. Not thread-safe. Source: mount(8) of
 * util-linux 2.38 and 2.41, "Filesystem-independent mount options".
 */
public final class KernelFlags {
    /**
     * The flags that differ from the kernel's default, each with the options that clear it. libfuse mounts with nosuid
     * and nodev unless root asks for suid and dev ({@code lib/mount.c}, mount_flags).
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

    /** The layers that a flag's value may name in mount(8). A FUSE mount has the flag in both layers. */
    private static final Set<String> LAYERS = Set.of("vfs", "fs", "recursive");

    /** The SELinux context options, whose values are passed to the kernel unchanged. */
    private static final Set<String> CONTEXTS = Set.of("context", "fscontext", "defcontext", "rootcontext");

    private final Set<String> taken = new TreeSet<>();

    /** Returns whether {@code name} is an option that this class reads. */
    static boolean isKnown(final String name) {
        return FLAGS.containsKey(name)
                || CONTEXTS.contains(name)
                || FLAGS.values().stream().anyMatch(opposites -> opposites.contains(name));
    }

    /** Returns the names of the flags that differ from the default. */
    static Set<String> names() {
        return FLAGS.keySet();
    }

    /** Returns whether {@code option} sets an SELinux context. */
    public static boolean isContext(final String option) {
        return CONTEXTS.contains(OptionList.name(option));
    }

    /** Returns whether {@code value} is a valid value of a flag. */
    static boolean isLayer(final String value) {
        return LAYERS.contains(value);
    }

    /**
     * Applies an option for which {@link #isKnown} is true. It overrides earlier options that contradict it.
     *
     * @throws NinepinException with {@code ExitCode.USAGE} if the option has an invalid value or lacks one
     */
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
