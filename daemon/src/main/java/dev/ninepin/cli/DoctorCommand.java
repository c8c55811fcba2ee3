package dev.ninepin.cli;

import dev.ninepin.daemon.doctor.Doctor;
import dev.ninepin.daemon.doctor.Finding;
import dev.ninepin.daemon.host.ExitCode;
import dev.ninepin.daemon.host.NinepinException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** The {@code ninepin doctor} command. */
@Command(
        name = "doctor",
        description = "Checks the requirements of a mount, and shows how to repair what is wrong.",
        mixinStandardHelpOptions = true,
        versionProvider = Main.VersionText.class,
        sortOptions = false,
        footerHeading = "%n",
        footer = {
            "One line for each requirement: ok, warn (some other mount would fail) or FAIL.",
            "With SOURCE, doctor connects to the server, and uses the device for that time.",
            "",
            "Exit codes:",
            "   0  a mount would work            1  wrong usage",
            "   2  a system error               32  a mount would fail",
            "",
            "Examples:",
            "  ninepin doctor",
            "  ninepin doctor -o aname=/srv/share unix:/run/diod.sock"
        })
final class DoctorCommand implements Callable<Integer> {
    @Spec
    @SuppressWarnings("NullAway.Init") // set by Picocli
    private CommandSpec spec;

    @Parameters(paramLabel = "SOURCE", arity = "0..1", description = "The share to be mounted (default: any).")
    private @Nullable String source;

    @Option(names = "-o", paramLabel = "OPTION", description = "The mount's options, as for ninepin mount.")
    private List<String> options = new ArrayList<>();

    @Override
    public Integer call() throws NinepinException {
        final List<Finding> findings =
                Doctor.of(source, String.join(",", options)).examine();
        final PrintWriter out = spec.commandLine().getOut();
        findings.forEach(out::println);
        out.flush();
        return (Doctor.hasNoFailure(findings) ? ExitCode.OK : ExitCode.MOUNT_FAILED).code();
    }
}
