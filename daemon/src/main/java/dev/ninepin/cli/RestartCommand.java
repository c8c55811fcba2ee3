package dev.ninepin.cli;

import dev.ninepin.daemon.control.Restarts;
import dev.ninepin.daemon.host.ExitCode;
import dev.ninepin.daemon.host.NinepinException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** The {@code ninepin restart} command. */
@Command(
        name = "restart",
        description = "Lets the installed program go on with a mount, without an unmount.",
        mixinStandardHelpOptions = true,
        versionProvider = Main.VersionText.class,
        sortOptions = false,
        footerHeading = "%n",
        footer = {
            "Files stay open, and programs see a pause. The process of the daemon stays the",
            "same. If something cannot be handed over, the present program goes on.",
            "",
            "Exit codes:",
            "   0  the installed program serves the mount",
            "   1  wrong usage, or DIR is not a mount of ninepin",
            "   2  system error    32  the present program goes on, or the new one has failed",
            "",
            "Examples:",
            "  ninepin restart /mnt/share",
            "  ninepin restart --all"
        })
final class RestartCommand implements Callable<Integer> {
    @Spec
    @SuppressWarnings("NullAway.Init") // set by Picocli
    private CommandSpec spec;

    @Parameters(paramLabel = "DIR", arity = "0..*", description = "Where a share is mounted.")
    private List<String> directories = new ArrayList<>();

    @Option(
            names = {"-a", "--all"},
            description = "Restart all mounts of this user.")
    private boolean all;

    @Override
    public Integer call() throws NinepinException {
        if (all != directories.isEmpty()) {
            throw new ParameterException(spec.commandLine(), "name one or more directories, or --all");
        }
        final List<String> wanted =
                all ? Restarts.all().stream().map(Path::toString).toList() : directories;
        ExitCode code = ExitCode.OK;
        for (final String directory : wanted) {
            try {
                Restarts.run(directory);
            } catch (final NinepinException e) {
                Main.printError(spec.commandLine(), StatusText.printable(e.sentence()));
                code = e.exitCode();
            }
        }
        return code.code();
    }
}
