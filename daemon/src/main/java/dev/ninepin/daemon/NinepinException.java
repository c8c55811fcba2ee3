package dev.ninepin.daemon;

import org.jspecify.annotations.Nullable;

/**
 * A command cannot do what it was asked to. The message is for the user: what is wrong, and the way out, in one
 * sentence.
 */
public final class NinepinException extends Exception {
    private static final long serialVersionUID = 1L;

    private final ExitCode exitCode;
    private final String sentence;

    public NinepinException(final ExitCode exitCode, final String message, final @Nullable Throwable cause) {
        super(message, cause);
        this.exitCode = exitCode;
        this.sentence = message;
    }

    static NinepinException usage(final String message) {
        return new NinepinException(ExitCode.USAGE, message, null);
    }

    static NinepinException mountFailed(final String message) {
        return new NinepinException(ExitCode.MOUNT_FAILED, message, null);
    }

    static NinepinException interrupted() {
        return new NinepinException(ExitCode.INTERRUPTED, "interrupted; nothing is mounted", null);
    }

    /** The message. */
    public String sentence() {
        return sentence;
    }

    public ExitCode exitCode() {
        return exitCode;
    }
}
