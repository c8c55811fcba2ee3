package dev.ninepin.fuse;

import dev.ninepin.fuse.lib.LibFuse;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import jnr.ffi.Pointer;

/** The real libfuse, with faults that a test chooses. Counts the calls of each function. Thread-safe. */
final class FaultyFuse {
    private static final int EIO = 5;
    private static final int ENOENT = 2;

    final LibFuse library;
    private final LibFuse real;
    private final Map<String, Fault> faults = new ConcurrentHashMap<>();
    private final Map<String, AtomicInteger> calls = new ConcurrentHashMap<>();

    /** A fault of one function. */
    @FunctionalInterface
    interface Fault {
        /** Does what the function does, except for the fault, and returns the function's result. */
        Object run(LibFuse real, Object... arguments) throws Exception;
    }

    FaultyFuse() throws IOException {
        real = LibFuse.get();
        library = (LibFuse) Proxy.newProxyInstance(
                LibFuse.class.getClassLoader(),
                new Class<?>[] {LibFuse.class},
                (self, method, arguments) -> call(method, arguments));
    }

    private Object call(final Method method, final Object... arguments) throws Throwable {
        calls.computeIfAbsent(method.getName(), name -> new AtomicInteger()).incrementAndGet();
        final Fault fault = givesNoNode(method, arguments) ? null : faults.remove(method.getName());
        if (fault != null) {
            return fault.run(real, arguments);
        }
        try {
            return method.invoke(real, arguments);
        } catch (final InvocationTargetException e) {
            throw e.getCause();
        }
    }

    /** Returns whether a reply says that a name is missing: its {@code struct fuse_entry_param} begins with the node 0. */
    private static boolean givesNoNode(final Method method, final Object... arguments) {
        return method.getName().equals("fuse_reply_entry") && ((Pointer) arguments[1]).getLong(0) == 0;
    }

    /** Makes the next call of a function run {@code fault} instead, except replies that a name is missing. */
    void failOnce(final String function, final Fault fault) {
        faults.put(function, fault);
    }

    /** Returns how often a function was called. */
    int calls(final String function) {
        return calls.getOrDefault(function, new AtomicInteger()).get();
    }

    /** The ways in which a reply can fail. */
    enum ReplyFault implements Fault {
        /** The reply is not sent. */
        NOT_SENT {
            @Override
            public Object run(final LibFuse real, final Object... arguments) {
                throw new IllegalStateException("of a test");
            }
        },

        /** The kernel does not accept the reply: here because the request has already been answered. */
        NOT_ACCEPTED {
            @Override
            public Object run(final LibFuse real, final Object... arguments) {
                real.fuse_reply_err((long) arguments[0], EIO);
                return -ENOENT;
            }
        }
    }
}
