package dev.ninepin.cli;

import dev.ninepin.daemon.ExitCode;
import dev.ninepin.daemon.Journal;
import dev.ninepin.daemon.NinepinException;
import dev.ninepin.daemon.ProcessEnd;
import dev.ninepin.daemon.ProcessLimit;
import dev.ninepin.daemon.Suggestion;
import dev.ninepin.daemon.Version;
import java.io.PrintWriter;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.Spec;

/** {@code ninepin}: hands over to its commands, and turns their failures into a sentence and an exit code. */
@Command(
        name = "ninepin",
        description = "Mounts 9P2000.L shares from user space.",
        mixinStandardHelpOptions = true,
        versionProvider = Main.VersionText.class,
        sortOptions = false,
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {
            "0:success",
            "1:wrong usage, or nothing to act on",
            "2:a system error",
            "8:interrupted while mounting",
            "32:mount or unmount failed"
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  ninepin mount share /mnt/share",
            "  ninepin mount -o ro,cache=loose unix:/run/9p.sock /mnt/share",
            "  ninepin status /mnt/share",
            "  ninepin umount /mnt/share"
        })
public final class Main implements Runnable {
    @Spec
    @SuppressWarnings("NullAway.Init") // Picocli sets it
    private CommandSpec spec;

    private Main() {}

    /** Runs one command and ends the process with its exit code. */
    public static void main(final String... arguments) {
        final ProcessEnd end = ProcessEnd.takeCharge();
        end.exitWith(() -> execute(end, arguments));
    }

    private static int execute(final ProcessEnd end, final String... arguments) {
        if (arguments.length > 0 && arguments[0].equals(MountHelperCommand.NAME)) {
            return execute(mountHelper(end), Arrays.copyOfRange(arguments, 1, arguments.length));
        }
        final CommandLine commands = commandLine(end);
        return execute(
                isOfMountFuse(commands.getSubcommands().keySet(), arguments) ? mountHelper(end) : commands, arguments);
    }

    private static int execute(final CommandLine command, final String... arguments) {
        final StandardOutput output = new StandardOutput();
        final PrintWriter writer = new PrintWriter(output);
        final int code;
        try {
            code = command.setOut(writer).execute(arguments);
        } catch (final OutOfMemoryError e) {
            // Picocli takes care of exceptions only.
            final Optional<String> limit = ProcessLimit.sentence(e);
            if (limit.isEmpty()) {
                throw e;
            }
            complain(command, limit.get());
            return ExitCode.SYSTEM.code();
        }
        writer.flush();
        if (output.failure().isPresent()) {
            complain(
                    command,
                    "standard output cannot be written to: "
                            + output.failure().get().getMessage());
            return ExitCode.SYSTEM.code();
        }
        return code;
    }

    /** Whether {@code arguments} have a form in which mount.fuse(8) gives them: SOURCE DIR [-o OPTIONS]. */
    static boolean isOfMountFuse(final Set<String> commands, final String... arguments) {
        if (arguments.length == 0 || arguments[0].startsWith("-") || commands.contains(arguments[0])) {
            return false;
        }
        if (arguments.length == 2) {
            // Without options it may as well be a command that was misspelt.
            return arguments[1].startsWith("/")
                    && Suggestion.nearest(arguments[0], commands).isEmpty();
        }
        return arguments.length == 4 && arguments[2].equals("-o");
    }

    /** The programs of this product, for what is made of their descriptions: manual pages and completions. */
    public static List<CommandLine> programs() {
        final ProcessEnd end = ProcessEnd.takeCharge();
        return List.of(commandLine(end), mountHelper(end));
    }

    /** mount(8)'s helper, which is a program of its own to its users. */
    static CommandLine mountHelper(final ProcessEnd end) {
        return withHandlers(new CommandLine(new MountHelperCommand(end)));
    }

    static CommandLine commandLine(final ProcessEnd end) {
        return withHandlers(new CommandLine(new Main())
                .addSubcommand(new MountCommand(end))
                .addSubcommand(new UmountCommand())
                .addSubcommand(new StatusCommand())
                .addSubcommand(new RunCommand(end))
                .addSubcommand(new DevicesCommand())
                .addSubcommand(new DoctorCommand())
                .addSubcommand(new HelpCommand()));
    }

    private static CommandLine withHandlers(final CommandLine command) {
        return command.setParameterExceptionHandler(Main::wrongUsage).setExecutionExceptionHandler(Main::failed);
    }

    /** Without a command there is nothing to do but to say what there is. */
    @Override
    public void run() {
        throw new ParameterException(
                spec.commandLine(),
                "a command is missing: "
                        + String.join(", ", spec.commandLine().getSubcommands().keySet()));
    }

    private static int wrongUsage(final ParameterException e, final String... arguments) {
        final CommandLine command = e.getCommandLine();
        complain(command, WrongUsage.sentence(e));
        command.getErr().println("Try " + command.getCommandSpec().qualifiedName() + " --help.");
        return ExitCode.USAGE.code();
    }

    private static int failed(final Exception e, final CommandLine command, final ParseResult parsed) {
        final Object userObject = command.getCommandSpec().userObject();
        final boolean verbose = userObject instanceof MountCommand mount && mount.isVerbose();
        if (e instanceof NinepinException known) {
            complain(command, ProcessLimit.sentence(known).orElse(known.sentence()));
            if (verbose) {
                known.printStackTrace(command.getErr());
            }
            return known.exitCode().code();
        }
        complain(command, "a fault of ninepin's own, please report it: " + e);
        e.printStackTrace(command.getErr());
        return ExitCode.SYSTEM.code();
    }

    /** Tells people what they may want to know, and goes on. */
    static void tell(final CommandLine command, final String sentence) {
        final PrintWriter err = command.getErr();
        err.println("ninepin: " + sentence);
        err.flush();
    }

    /** Tells a person, or the journal. */
    static void complain(final CommandLine command, final String message) {
        final PrintWriter err = command.getErr();
        err.println(Journal.errorPrefix() + "ninepin: " + message);
        err.flush();
    }

    /** For {@code --version}. */
    static final class VersionText implements CommandLine.IVersionProvider {
        @Override
        public String[] getVersion() {
            return new String[] {
                "ninepin " + Version.current() + " (Java " + Runtime.version() + ", " + System.getProperty("os.arch")
                        + ")"
            };
        }
    }
}
