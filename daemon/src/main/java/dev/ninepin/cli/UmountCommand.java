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
            "Also clears the mount of a killed daemon. If a copy is left, by a bind mount or",
            "in another mount namespace, umount names the copy and returns at once. The",
            "daemon ends with the last copy.",
            "Use -f if the server hangs. With -f and -l, -f applies.",
            "",
            "Exit codes:",
            "   0  unmounted        1  wrong usage, or DIR is not a mount of ninepin",
            "   2  system error    32  in use, or can't be unmounted",
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
            description = "Lazy: detach the share at once, even if in use; the daemon ends after its last user.")
    private boolean lazy;

    @Option(
            names = {"-f", "--force"},
            description = "Force: detach the share at once, even if in use; programs that use it get errors.")
    private boolean force;

    @Override
    public Integer call() throws NinepinException {
        final Optional<String> notice = force ? Unmount.force(directory) : Unmount.run(directory, lazy);
        notice.ifPresent(sentence -> spec.commandLine().getErr().println("ninepin: " + StatusText.printable(sentence)));
        return 0;
    }
}
