package dev.ninepin.daemon;

/** The exit codes of mount(8), which all commands share. */
public enum ExitCode {
    OK(0),
    /** The command line makes no sense, or names what is not there to act on. */
    USAGE(1),
    /** The system refused something that has nothing to do with this mount. */
    SYSTEM(2),
    /** A signal came while mounting. */
    INTERRUPTED(8),
    /** The share could not be mounted, or unmounted. */
    MOUNT_FAILED(32);

    private final int code;

    ExitCode(final int code) {
        this.code = code;
    }

    public int code() {
        return code;
    }
}
