package dev.ninepin.cli;

import dev.ninepin.daemon.control.Unmount;
import dev.ninepin.daemon.host.NinepinException;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** The {@code ninepin umount} command. */
@Command(
        name = "umount",
        description = "Unmounts a share; returns when its daemon has ended.",
        mixinStandardHelpOptions = true,
        versionProvider = Main.VersionText.class,
        sortOptions = false,
        footerHeading = "%n",
        footer = {
            "Clears away the mount of a daemon that was killed as well. If a copy is left, by",
            "a bind mount or in another mount namespace, umount names it and returns at once;",
            "the daemon ends with the last copy.",
            "-f is the way out if the server hangs; with -f and -l, -f counts.",
            "",
            "Exit codes:",
            "   0  unmounted        1  wrong usage, or no mount of ninepin's",
            "   2  system error    32  in use, or not to be unmounted",
            "",
            "Examples:",
            "  ninepin umount /mnt/share",
            "  ninepin umount -l /mnt/share",
            "  ninepin umount -f /mnt/share"
        })
final class UmountCommand implements Callable<Integer> {
    @Spec
    @SuppressWarnings("NullAway.Init") // set by Picocli
    private CommandSpec spec;

    @Parameters(paramLabel = "DIR", description = "Where the share is mounted.")
    private String directory = "";

    @Option(
            names = {"-l", "--lazy"},
            description = "Lazily: take it off DIR now even if it is in use; it ends with its last user.")
    private boolean lazy;

    @Option(
            names = {"-f", "--force"},
            description = "By force: take it off DIR now even if it is in use; what still uses it gets errors.")
    private boolean force;

    @Override
    public Integer call() throws NinepinException {
        final Optional<String> notice = force ? Unmount.force(directory) : Unmount.run(directory, lazy);
        notice.ifPresent(sentence -> spec.commandLine().getErr().println("ninepin: " + StatusText.printable(sentence)));
        return 0;
    }
}
