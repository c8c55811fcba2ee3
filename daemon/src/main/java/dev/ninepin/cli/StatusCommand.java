package dev.ninepin.cli;

import com.google.gson.Gson;
import dev.ninepin.daemon.control.ControlMessages;
import dev.ninepin.daemon.control.MountStatus;
import dev.ninepin.daemon.control.Mounts;
import dev.ninepin.daemon.host.ExitCode;
import dev.ninepin.daemon.host.NinepinException;
import dev.ninepin.daemon.host.ShellText;
import java.io.PrintWriter;
import java.time.Clock;
import java.time.ZoneId;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** The {@code ninepin status} command. */
@Command(
        name = "status",
        description = "Shows the state of a mount, or of all mounts of this user.",
        mixinStandardHelpOptions = true,
        versionProvider = Main.VersionText.class,
        sortOptions = false,
        footerHeading = "%n",
        footer = {
            "The JSON is one object: the mount if DIR is given, else {\"mounts\":[...]}.",
            "docs/status.md describes its names.",
            "",
            "Exit codes:",
            "   0  every mount is connected to its server, or unmounting",
            "   1  wrong usage, no such mount, or the daemon of a mount does not answer",
            "   2  a system error",
            "  32  a mount is not connected to its server",
            "",
            "Examples:",
            "  ninepin status",
            "  ninepin status --json /mnt/share"
        })
final class StatusCommand implements Callable<Integer> {
    @Spec
    @SuppressWarnings("NullAway.Init") // set by Picocli
    private CommandSpec spec;

    @Parameters(paramLabel = "DIR", arity = "0..1", description = "Where the share is mounted (default: all mounts).")
    private @Nullable String directory;

    @Option(names = "--json", description = "Print one JSON object, for programs.")
    private boolean json;

    @Override
    public Integer call() throws NinepinException {
        final Mounts mounts = Mounts.ofCurrentUser();
        return directory == null ? showAll(mounts) : showOne(mounts.status(directory));
    }

    private int showOne(final MountStatus status) {
        print(json ? gson().toJson(status) : text(status));
        return exitCode(List.of(status), ExitCode.OK).code();
    }

    private int showAll(final Mounts mounts) throws NinepinException {
        final List<MountStatus> all = mounts.statusOfAll();
        if (json) {
            print(gson().toJson(Map.of("mounts", all)));
        } else if (!all.isEmpty()) {
            print(String.join("\n", all.stream().map(StatusCommand::text).toList()));
        }
        final List<String> unanswered = mounts.describeUnansweredMounts(all);
        unanswered.forEach(this::complain);
        if (all.isEmpty() && unanswered.isEmpty()) {
            complain("this user has no Ninepin mounts; to mount a share: ninepin mount SOURCE DIR");
        }
        return exitCode(all, all.isEmpty() || !unanswered.isEmpty() ? ExitCode.USAGE : ExitCode.OK)
                .code();
    }

    /**
     * Reports each mount whose server does not answer on standard error. Returns {@link ExitCode#MOUNT_FAILED} if there
     * is such a mount, else {@code otherwise}.
     */
    private ExitCode exitCode(final List<MountStatus> shown, final ExitCode otherwise) {
        ExitCode code = otherwise;
        for (final MountStatus status : shown) {
            if (status.state().equals(MountStatus.DISCONNECTED)) {
                complain(StatusText.printable(status.mountPoint())
                        + " is disconnected from its server: unmount it (ninepin umount "
                        + ShellText.quote(status.mountPoint()) + ") and mount it again");
                code = ExitCode.MOUNT_FAILED;
            } else if (status.state().equals(MountStatus.RECONNECTING)) {
                complain(
                        StatusText.printable(status.mountPoint()) + " has no connection to its server, and reconnects");
                code = ExitCode.MOUNT_FAILED;
            } else if (status.state().equals(MountStatus.SILENT)) {
                complain("the server of " + StatusText.printable(status.mountPoint()) + " does not answer");
                code = ExitCode.MOUNT_FAILED;
            }
        }
        return code;
    }

    private void print(final String text) {
        final PrintWriter out = spec.commandLine().getOut();
        out.print(text.endsWith("\n") ? text : text + "\n");
        out.flush();
    }

    private void complain(final String message) {
        spec.commandLine().getErr().println("ninepin: " + message);
    }

    private static String text(final MountStatus status) {
        return new StatusText(Clock.system(ZoneId.systemDefault()), Ansi.AUTO.enabled()).render(status);
    }

    private static Gson gson() {
        return ControlMessages.gson();
    }
}
