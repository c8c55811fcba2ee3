package dev.ninepin.daemon.life;

import dev.ninepin.daemon.host.ExitCode;
import dev.ninepin.daemon.host.NinepinException;
import dev.ninepin.os.LibC;
import java.io.IOException;
import java.util.concurrent.TimeUnit;

/**
 * The shell that started this process and waits for the mount: the script {@code ninepin}. A JVM cannot fork, so the
 * shell is the process that returns to the user. It exits with status 0 when it receives SIGUSR1, and with the status of
 * this process when this process ends. Used by the main thread only.
 */
final class Launcher {
    /** The system property by which the script names its process. */
    private static final String PROPERTY = "ninepin.launcher";

    /** The system property with the descriptors, besides 0 to 2, that Java has inherited: numbers, separated by spaces. */
    private static final String INHERITED = "ninepin.inherited";

    private static final int SIGUSR1 = 10;
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(10);
    private static final long LONGEST_PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

    private final int shell;

    private Launcher(final int shell) {
        this.shell = shell;
    }

    /**
     * Returns the shell that waits for this process.
     *
     * @throws NinepinException with {@link ExitCode#USAGE} if no shell waits, because Java was started in another way
     */
    static Launcher ofThisProcess() throws NinepinException {
        final Launcher launcher = new Launcher(Integer.getInteger(PROPERTY, 0));
        if (!launcher.waits()) {
            throw NinepinException.usage(
                    "to mount in the background, start the program ninepin and not Java; or mount in"
                            + " the foreground, with -f");
        }
        return launcher;
    }

    /** Returns whether the shell still waits. It does not if it was killed. */
    boolean waits() {
        return LibC.get().getppid() == shell;
    }

    /**
     * Lets the shell return to its user, and blocks until it has ended. A signal that arrives before the shell begins to
     * wait is lost, so it is repeated.
     *
     * @throws IOException if the shell was killed before
     */
    void release() throws IOException {
        if (!waits()) {
            throw new IOException("the command that waits for the mount was killed");
        }
        final long begin = System.nanoTime();
        long pause = TimeUnit.MILLISECONDS.toNanos(1);
        while (waits() && System.nanoTime() - begin < PATIENCE_NANOS) {
            LibC.get().kill(shell, SIGUSR1);
            try {
                TimeUnit.NANOSECONDS.sleep(pause);
            } catch (final InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
            pause = Math.min(2 * pause, LONGEST_PAUSE_NANOS);
        }
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
}
