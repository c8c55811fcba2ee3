package dev.ninepin.cli;

import com.google.gson.Gson;
import dev.ninepin.daemon.ControlMessages;
import dev.ninepin.daemon.ExitCode;
import dev.ninepin.daemon.MountStatus;
import dev.ninepin.daemon.Mounts;
import dev.ninepin.daemon.NinepinException;
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

/** {@code ninepin status}. */
@Command(
        name = "status",
        description = "Shows how a mount fares, or all mounts of this user.",
        mixinStandardHelpOptions = true,
        versionProvider = Main.VersionText.class,
        sortOptions = false,
        footerHeading = "%n",
        footer = {
            "The JSON is one object: that of the mount if DIR is given, else {\"mounts\":[...]}.",
            "Its names are in docs/status.md.",
            "",
            "Exit codes:",
            "   0  shown            1  no such mount, or no daemon answers      2  system error",
            "",
            "Examples:",
            "  ninepin status",
            "  ninepin status --json /mnt/share"
        })
final class StatusCommand implements Callable<Integer> {
    @Spec
    @SuppressWarnings("NullAway.Init") // Picocli sets it
    private CommandSpec spec;

    @Parameters(paramLabel = "DIR", arity = "0..1", description = "Where the share is mounted; all mounts without.")
    private @Nullable String directory;

    @Option(names = "--json", description = "One JSON object, for programs.")
    private boolean json;

    @Override
    public Integer call() throws NinepinException {
        final Mounts mounts = Mounts.ofCurrentUser();
        return directory == null ? showAll(mounts) : showOne(mounts.status(directory));
    }

    private int showOne(final MountStatus status) throws NinepinException {
        if (json) {
            print(gson().toJson(status));
        } else {
            print(text(status));
        }
        return ExitCode.OK.code();
    }

    private int showAll(final Mounts mounts) throws NinepinException {
        final List<MountStatus> all = mounts.statusOfAll();
        if (json) {
            print(gson().toJson(Map.of("mounts", all)));
        } else if (!all.isEmpty()) {
            print(String.join("\n", all.stream().map(StatusCommand::text).toList()));
        }
        final List<String> unanswered = mounts.unanswered(all);
        unanswered.forEach(this::complain);
        if (all.isEmpty() && unanswered.isEmpty()) {
            complain("nothing is mounted; ninepin mount SOURCE DIR mounts a share");
        }
        return (all.isEmpty() ? ExitCode.USAGE : ExitCode.OK).code();
    }

    private void print(final String text) throws NinepinException {
        final PrintWriter out = spec.commandLine().getOut();
        out.print(text.endsWith("\n") ? text : text + "\n");
        // The writer hands on to the stream, which keeps its errors to itself.
        if (out.checkError() || System.out.checkError()) {
            throw new NinepinException(ExitCode.SYSTEM, "the status could not be written to standard output", null);
        }
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
