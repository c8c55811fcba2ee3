package dev.ninepin.cli;

import dev.ninepin.daemon.control.Remount;
import dev.ninepin.daemon.control.Unmount;
import dev.ninepin.daemon.host.ExitCode;
import dev.ninepin.daemon.host.NinepinException;
import dev.ninepin.daemon.life.BackgroundMount;
import dev.ninepin.daemon.life.ProcessEnd;
import dev.ninepin.daemon.options.MountOptions;
import dev.ninepin.daemon.options.MountRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.slf4j.event.Level;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/**
 * The {@code mount.ninepin} program. mount(8) runs it for {@code mount -t ninepin}, and mount.fuse(8) for {@code mount
 * -t fuse.ninepin}. Source of the command line: mount(8), "External helpers".
 */
@Command(
        name = MountHelperCommand.NAME,
        description = "Mounts a share for mount(8); returns when the mount is usable.",
        mixinStandardHelpOptions = true,
        versionProvider = Main.VersionText.class,
        sortOptions = false,
        footerHeading = "%n",
        footer = {
            "Sources and options are those of ninepin mount.",
            "",
            "Exit codes:",
            "   0  mounted          1  wrong usage      2  system error",
            "   8  interrupted     32  mount failed",
            "",
            "Examples:",
            "  mount -t ninepin -o ro share /mnt/share",
            "  in fstab:",
            "  share /mnt/share ninepin nofail,x-systemd.automount,allow_other 0 0"
        })
final class MountHelperCommand implements Callable<Integer> {
    /** The file name by which mount(8) finds the helper. */
    static final String NAME = "mount.ninepin";

    private final ProcessEnd end;

    @Spec
    @SuppressWarnings("NullAway.Init") // set by Picocli
    private CommandSpec spec;

    @Parameters(paramLabel = "SOURCE", description = "What to mount.")
    private String source = "";

    @Parameters(paramLabel = "DIR", description = "An empty directory to mount it on.")
    private String directory = "";

    @Option(names = "-f", description = "Fake: check everything, mount nothing.")
    private boolean fake;

    @Option(names = "-n", description = "Write no mtab; without effect, because the kernel keeps the mount table.")
    @SuppressWarnings("UnusedVariable") // accepted for mount(8); has no effect
    private boolean withoutTable;

    @Option(names = "-s", description = "Sloppy: ignore unknown options.")
    private boolean sloppy;

    @Option(names = "-v", description = "Print the source, the directory and the options.")
    private boolean verbose;

    @Option(names = "-o", paramLabel = "OPTION", description = "Mount options, separated by commas.")
    private List<String> options = new ArrayList<>();

    @Option(names = "-t", paramLabel = "TYPE", description = "The file system type given to mount(8).")
    @SuppressWarnings("UnusedVariable") // accepted for mount(8); there is only one type
    private @Nullable String type;

    @Option(names = "-N", paramLabel = "NAMESPACE", description = "Refused: use nsenter(1).")
    private @Nullable String namespace;

    MountHelperCommand(final ProcessEnd end) {
        this.end = end;
    }

    @Override
    public Integer call() throws NinepinException {
        if (namespace != null) {
            throw new NinepinException(
                    ExitCode.USAGE,
                    "mounting in another namespace is not possible: run nsenter --mount=" + namespace + " mount ...",
                    null);
        }
        final String given = String.join(",", options);
        final String list = sloppy ? MountOptions.withoutUnknown(given) : given;
        if (MountOptions.askForRemount(list)) {
            Remount.note(directory, list).ifPresent(note -> Main.printNotice(spec.commandLine(), note));
            return Remount.run(source, directory, list, fake);
        }
        final MountRequest request = MountRequest.parse(source, directory, list, Level.INFO);
        if (verbose) {
            spec.commandLine()
                    .getOut()
                    .println(NAME + ": " + request.source() + " on " + request.mountPoint() + " with " + list);
            spec.commandLine().getOut().flush();
        }
        request.note().ifPresent(note -> Main.printNotice(spec.commandLine(), note));
        if (fake) {
            request.check();
        } else {
            Unmount.clearDead(request.mountPoint());
            final BackgroundMount mount =
                    new BackgroundMount(request, false, warning -> Main.printError(spec.commandLine(), warning));
            end.onSignal(mount::requestEnd);
            mount.run();
        }
        return ExitCode.OK.code();
    }
}
