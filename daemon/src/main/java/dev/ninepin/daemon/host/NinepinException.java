package dev.ninepin.daemon.host;

import org.jspecify.annotations.Nullable;

/** The failure of a command. The message is one sentence for the user: what is wrong and what to do. */
public final class NinepinException extends Exception {
    private static final long serialVersionUID = 1L;

    private final ExitCode exitCode;
    private final String sentence;

    public NinepinException(final ExitCode exitCode, final String message, final @Nullable Throwable cause) {
        super(message, cause);
        this.exitCode = exitCode;
        this.sentence = message;
    }

    public static NinepinException usage(final String message) {
        return new NinepinException(ExitCode.USAGE, message, null);
    }

    public static NinepinException mountFailed(final String message) {
        return new NinepinException(ExitCode.MOUNT_FAILED, message, null);
    }

    public static NinepinException interrupted() {
        return new NinepinException(ExitCode.INTERRUPTED, "interrupted; nothing is mounted", null);
    }

    /** Returns the message, never null. */
    public String sentence() {
        return sentence;
    }

    public ExitCode exitCode() {
        return exitCode;
    }
}
