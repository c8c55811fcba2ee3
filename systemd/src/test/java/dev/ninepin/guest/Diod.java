package dev.ninepin.guest;

import java.io.IOException;

/** The server diod in a guest, as the transient unit {@code guest-diod}. */
final class Diod {
    /** The source that mounts this server. */
    static final String SOURCE = "unix:" + socket();

    private Diod() {}

    /** Returns the path of the server's socket. */
    static String socket() {
        return "/run/guest-diod.sock";
    }

    /** Starts a server that exports {@code directories}, and returns when they can be mounted. */
    static void start(final Guest guest, final String... directories) throws IOException {
        guest.check("systemd-run -q --unit guest-diod " + command(directories) + "\nuntil [ -S " + socket()
                + " ]; do sleep 0.1; done");
    }

    /** Returns the command that serves {@code directories}. */
    static String command(final String... directories) {
        return "diod -f -n --no-userdb -c /dev/null -L stderr -l " + socket() + " -e "
                + String.join(" -e ", directories);
    }
}
