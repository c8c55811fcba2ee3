package dev.ninepin.cli;

import dev.ninepin.daemon.host.ExitCode;
import dev.ninepin.daemon.host.NinepinException;
import dev.ninepin.daemon.life.MountState;
import dev.ninepin.daemon.life.ProcessEnd;
import dev.ninepin.daemon.life.ProcessLimit;
import dev.ninepin.daemon.life.TakenOverMount;
import dev.ninepin.daemon.life.Version;
import dev.ninepin.daemon.log.Journal;
import dev.ninepin.daemon.options.Suggestion;
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

/**
 * The {@code ninepin} program. Dispatches to its commands, and turns their failures into a message and an exit code.
 */
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
    @SuppressWarnings("NullAway.Init") // set by Picocli
    private CommandSpec spec;

    private Main() {}

    /** Runs one command and ends the process with the command's exit code. */
    public static void main(final String... arguments) {
        final ProcessEnd end = ProcessEnd.takeCharge();
        end.exitWith(() -> execute(end, arguments));
    }

    private static int execute(final ProcessEnd end, final String... arguments) {
        if (TakenOverMount.isVersionRequested(arguments)) {
            System.out.println(MountState.VERSION);
            return ExitCode.OK.code();
        } else if (TakenOverMount.isRequested(arguments)) {
            return takeOver(end, arguments);
        }
        if (arguments.length > 0 && arguments[0].equals(MountHelperCommand.NAME)) {
            return execute(mountHelper(end), Arrays.copyOfRange(arguments, 1, arguments.length));
        }
        final CommandLine commands = commandLine(end);
        return execute(
                isOfMountFuse(commands.getSubcommands().keySet(), arguments) ? mountHelper(end) : commands, arguments);
    }

    /** Takes over a mount whose daemon has executed this program. */
    private static int takeOver(final ProcessEnd end, final String... arguments) {
        try {
            final TakenOverMount mount = TakenOverMount.of(arguments);
            end.onSignal(mount::requestEnd);
            mount.run();
            return ExitCode.OK.code();
        } catch (final NinepinException e) {
            printError(commandLine(end), e.sentence());
            return e.exitCode().code();
        }
    }

    private static int execute(final CommandLine command, final String... arguments) {
        final StandardOutput output = new StandardOutput();
        final PrintWriter writer = new PrintWriter(output);
        final int code;
        try {
            code = command.setOut(writer).execute(arguments);
        } catch (final OutOfMemoryError e) {
            // Picocli's handlers catch exceptions only, not errors.
            final Optional<String> limit = ProcessLimit.sentence(e);
            if (limit.isEmpty()) {
                throw e;
            }
            printError(command, limit.get());
            return ExitCode.SYSTEM.code();
        }
        writer.flush();
        if (output.failure().isPresent()) {
            printError(
                    command,
                    "standard output cannot be written to: "
                            + output.failure().get().getMessage());
            return ExitCode.SYSTEM.code();
        }
        return code;
    }

    /** Returns whether {@code arguments} have the form in which mount.fuse(8) passes them: SOURCE DIR [-o OPTIONS]. */
    static boolean isOfMountFuse(final Set<String> commands, final String... arguments) {
        if (arguments.length == 0 || arguments[0].startsWith("-") || commands.contains(arguments[0])) {
            return false;
        }
        if (arguments.length == 2) {
            // Without options, the first argument could be a misspelt command.
            return arguments[1].startsWith("/")
                    && Suggestion.nearest(arguments[0], commands).isEmpty();
        }
        return arguments.length == 4 && arguments[2].equals("-o");
    }

    /**
     * Returns the command lines of this product's programs, from which the build generates manual pages and
     * completions.
     */
    public static List<CommandLine> programs() {
        final ProcessEnd end = ProcessEnd.takeCharge();
        return List.of(commandLine(end), mountHelper(end));
    }

    /** Returns the command line of mount.ninepin, the helper of mount(8), which users see as a separate program. */
    static CommandLine mountHelper(final ProcessEnd end) {
        return withHandlers(new CommandLine(new MountHelperCommand(end)));
    }

    static CommandLine commandLine(final ProcessEnd end) {
        return withHandlers(new CommandLine(new Main())
                .addSubcommand(new MountCommand(end))
                .addSubcommand(new UmountCommand())
                .addSubcommand(new StatusCommand())
                .addSubcommand(new RestartCommand())
                .addSubcommand(new RunCommand(end))
                .addSubcommand(new DevicesCommand())
                .addSubcommand(new DoctorCommand())
                .addSubcommand(new HelpCommand()));
    }

    private static CommandLine withHandlers(final CommandLine command) {
        return command.setParameterExceptionHandler(Main::wrongUsage).setExecutionExceptionHandler(Main::failed);
    }

    /** Fails with the list of commands, because ninepin without a command does nothing. */
    @Override
    public void run() {
        throw new ParameterException(
                spec.commandLine(),
                "a command is missing: "
                        + String.join(", ", spec.commandLine().getSubcommands().keySet()));
    }

    private static int wrongUsage(final ParameterException e, final String... arguments) {
        final CommandLine command = e.getCommandLine();
        printError(command, WrongUsage.sentence(e));
        command.getErr().println("Try " + command.getCommandSpec().qualifiedName() + " --help.");
        return ExitCode.USAGE.code();
    }

    private static int failed(final Exception e, final CommandLine command, final ParseResult parsed) {
        final Object userObject = command.getCommandSpec().userObject();
        final boolean verbose = userObject instanceof MountCommand mount && mount.isVerbose();
        if (e instanceof NinepinException known) {
            printError(command, ProcessLimit.sentence(known).orElse(known.sentence()));
            if (verbose) {
                known.printStackTrace(command.getErr());
            }
            return known.exitCode().code();
        }
        printError(command, "internal error, please report it: " + e);
        e.printStackTrace(command.getErr());
        return ExitCode.SYSTEM.code();
    }

    /** Writes a message for the user to standard error. */
    static void printNotice(final CommandLine command, final String sentence) {
        final PrintWriter err = command.getErr();
        err.println("ninepin: " + sentence);
        err.flush();
    }

    /** Writes an error message to standard error, with a priority if that is the journal. */
    static void printError(final CommandLine command, final String message) {
        final PrintWriter err = command.getErr();
        err.println(Journal.errorPrefix() + "ninepin: " + message);
        err.flush();
    }

    /** Provides the text of {@code --version}. */
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
