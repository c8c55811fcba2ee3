package dev.ninepin.daemon.host;

/** The exit codes of all commands. They are those of mount(8). */
public enum ExitCode {
    OK(0),
    /** The command line is invalid, or names something that does not exist. */
    USAGE(1),
    /** A system error that does not concern this mount. */
    SYSTEM(2),
    /** A signal arrived while mounting. */
    INTERRUPTED(8),
    /** The share could not be mounted or unmounted. */
    MOUNT_FAILED(32);

    private final int code;

    ExitCode(final int code) {
        this.code = code;
    }

    /** Returns the number that the process ends with. */
    public int code() {
        return code;
    }
}
