package dev.ninepin.daemon.life;

import dev.ninepin.daemon.host.ExitCode;
import dev.ninepin.daemon.host.NinepinException;
import dev.ninepin.daemon.host.Reason;
import dev.ninepin.os.Descriptor;
import dev.ninepin.os.LibC;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * The shell that waits for the mount of this process: the script {@code ninepin}. A JVM cannot fork, so the shell is the
 * process that returns to the user. It exits with status 0 when this process writes a line to the pipe that it has
 * inherited, and with the status of this process when this process ends. Used by the main thread only.
 */
final class Launcher {
    /** The system property by which the script names its process: the parent of the shell that has started Java. */
    private static final String PROPERTY = "ninepin.launcher";

    /** The system property with the other descriptors that Java has inherited: numbers, separated by spaces. */
    private static final String INHERITED = "ninepin.inherited";

    /** The number of the pipe's descriptor. */
    private static final int PIPE = 3;

    private static final int F_SETFD = 2;
    private static final int FD_CLOEXEC = 1;

    private final long shell;
    private final Descriptor pipe;

    private Launcher(final long shell, final Descriptor pipe) {
        this.shell = shell;
        this.pipe = pipe;
    }

    /**
     * Returns the shell that waits for this process.
     *
     * @throws NinepinException with {@link ExitCode#USAGE} if no shell waits, because Java was started in another way
     */
    static Launcher ofThisProcess() throws NinepinException {
        final long shell = Long.getLong(PROPERTY, 0);
        if (!isWaiting(shell)) {
            throw NinepinException.usage(
                    "to mount in the background, start the program ninepin and not Java; or mount in"
                            + " the foreground, with -f");
        }
        final Descriptor pipe = Descriptor.of(PIPE, "the pipe to the launcher", (number, thread) -> {});
        try {
            // A program that this process starts would hold the pipe.
            pipe.call("fcntl", number -> LibC.get().fcntl(number, F_SETFD, FD_CLOEXEC));
        } catch (final IOException e) {
            throw new NinepinException(ExitCode.SYSTEM, Reason.of(e), e);
        }
        return new Launcher(shell, pipe);
    }

    /** Returns whether the process {@code shell} still exists. If it was killed, its child has another parent. */
    private static boolean isWaiting(final long shell) {
        return ProcessHandle.current()
                .parent()
                .flatMap(ProcessHandle::parent)
                .filter(process -> process.pid() == shell)
                .isPresent();
    }

    /**
     * Closes the descriptors that the shell's user left open for its commands, such as that of flock(1): a daemon would
     * keep them open for as long as the mount lasts.
     */
    void closeInherited() {
        for (final String descriptor : System.getProperty(INHERITED, "").split(" ", -1)) {
            if (!descriptor.isEmpty()) {
                LibC.get().close(Integer.parseInt(descriptor));
            }
        }
    }

    /**
     * Lets the shell return to its user.
     *
     * @throws IOException if the shell was killed before
     */
    void release() throws IOException {
        if (!isWaiting(shell)) {
            throw new IOException("the command that waits for the mount was killed");
        }
        final ByteBuffer line = ByteBuffer.allocateDirect(1).put(0, (byte) '\n');
        pipe.call("write", number -> LibC.get().write(number, line, 1));
        pipe.close();
    }
}
