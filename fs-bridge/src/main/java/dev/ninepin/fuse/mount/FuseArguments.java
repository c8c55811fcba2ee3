package dev.ninepin.fuse.mount;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.ninepin.fuse.lib.LibFuse;
import dev.ninepin.fuse.lib.Native;
import dev.ninepin.fuse.protocol.ReceivedRequest;
import dev.ninepin.os.NativeString;
import java.util.ArrayList;
import java.util.List;
import jnr.ffi.Pointer;

/**
 * {@code struct fuse_args}: the options of a mount as a command line, which libfuse parses. {@code fuse_mount} removes
 * its own options and leaves the rest to {@code fuse_lowlevel_new}. Not thread-safe.
 */
public final class FuseArguments implements AutoCloseable {
    private static final int COUNT = 0;
    private static final int VECTOR = 8;
    private static final int SIZE = 24;

    private final LibFuse fuse;
    private final Pointer args = Native.allocate(SIZE);
    private final Pointer vector;

    /** Keeps the strings that {@link #vector} points to reachable. */
    private final List<Pointer> strings = new ArrayList<>();

    /** Creates the arguments of a mount. */
    public FuseArguments(final LibFuse fuse, final FuseOptions options) {
        this(fuse, mountOptions(options));
    }

    private FuseArguments(final LibFuse fuse, final String options) {
        this.fuse = fuse;
        for (final String each : List.of("ninepin", "-o", options)) {
            strings.add(NativeString.of(each.getBytes(UTF_8)));
        }
        vector = Native.allocate((strings.size() + 1) * Long.BYTES);
        for (int i = 0; i < strings.size(); i++) {
            vector.putPointer((long) i * Long.BYTES, strings.get(i));
        }
        args.putInt(COUNT, strings.size());
        args.putPointer(VECTOR, vector);
    }

    /** Returns the arguments of a session on a mount that another program has made. */
    public static FuseArguments ofSession(final LibFuse fuse, final FuseOptions options) {
        return new FuseArguments(fuse, "big_writes," + String.join(",", limits(options)));
    }

    private static List<String> limits(final FuseOptions options) {
        final List<String> words = new ArrayList<>();
        words.add("max_write=" + ReceivedRequest.MAX_WRITE);
        words.add("max_background=" + options.limits().maxBackground());
        options.limits().readahead().ifPresent(bytes -> words.add("max_readahead=" + bytes));
        return words;
    }

    /** Returns the options in libfuse's notation, separated by commas. */
    static String mountOptions(final FuseOptions options) {
        final List<String> words = new ArrayList<>();
        words.add("fsname=" + escape(options.source()));
        words.add("subtype=ninepin");
        words.add("big_writes");
        words.add("max_read=" + options.limits().maxRead());
        words.addAll(limits(options));
        if (options.readOnly()) {
            words.add("ro");
        }
        if (options.allowOther()) {
            words.add("allow_other");
        }
        if (options.defaultPermissions()) {
            words.add("default_permissions");
        }
        options.kernelFlags().stream()
                .filter(flag -> !MountAttributes.isKnown(flag))
                .map(FuseArguments::escape)
                .forEach(words::add);
        return String.join(",", words);
    }

    private static String escape(final String text) {
        return text.replace("\\", "\\\\").replace(",", "\\,");
    }

    public Pointer pointer() {
        return args;
    }

    /** Frees the memory that libfuse allocated in the struct. */
    @Override
    public void close() {
        fuse.fuse_opt_free_args(args);
    }
}
