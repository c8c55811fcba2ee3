package dev.ninepin.guest;

import java.io.IOException;

/**
 * The commands of Ninepin in a guest, run by a {@link CommandServer} that all of them share. While they are in place,
 * {@code ninepin} in a test's script is a client of the server. The installed program is {@code /usr/bin/ninepin}, which
 * mount(8) runs for the type {@code ninepin}, and systemd for its units.
 */
final class ServedCommands {
    /** The client, which passes on its arguments. */
    static final String CLIENT = TestsInGuest.DIRECTORY + "/served";

    private static final String PROGRAM = "/usr/local/bin/ninepin";

    private static final String OPTIONS = GuestKind.JAVA_OPTIONS + " -XX:+UseSerialGC -XX:+ErrorFileToStdout"
            + " -Dninepin.guest.device=" + GuestKind.SECOND_ADDRESS;

    private ServedCommands() {}

    /** Puts the client in the place of {@code ninepin}, and starts the server unless it runs. */
    static void replaceProgram(final Guest guest) throws Exception {
        start(guest);
        guest.check("ln -s -f " + CLIENT + " " + PROGRAM);
    }

    /** Makes {@code ninepin} the installed program again. The server goes on. */
    static void restoreProgram(final Guest guest) throws IOException {
        guest.check("rm -f " + PROGRAM);
    }

    /** Ends the server. {@code ninepin} is the installed program again. */
    static void stop(final Guest guest) throws IOException {
        restoreProgram(guest);
        guest.check("systemctl stop guest-commands");
    }

    /** Starts the server, unless it runs. */
    static void start(final Guest guest) throws Exception {
        TestsInGuest.install(guest);
        guest.write(CLIENT, """
                #!/usr/bin/perl
                socket(my $server, 1, 1, 0);
                connect($server, pack('S a*', 1, '/run/guest-commands'))
                    or die "the server of commands is away: $!\\n";
                syswrite($server, join("\\0", @ARGV));
                shutdown($server, 1);
                local $/;
                my ($status, $size, $text) = <$server> =~ /^(\\d+) (\\d+)\\n(.*)$/s
                    or die "the server of commands has ended\\n";
                print substr($text, 0, $size);
                print STDERR substr($text, $size);
                exit $status;
                """);
        guest.check("""
                set -e
                chmod +x %1$s
                systemctl -q is-active guest-commands && exit
                rm -f /run/guest-commands
                systemd-run -q --unit guest-commands -p WorkingDirectory=%2$s env -u JOURNAL_STREAM \\
                    java %3$s -cp '*' %4$s /run/guest-commands
                until [ -S /run/guest-commands ]; do
                    systemctl -q is-active guest-commands
                    sleep 0.2
                done
                """.formatted(CLIENT, TestsInGuest.DIRECTORY, OPTIONS, CommandServer.class.getName()));
    }
}
